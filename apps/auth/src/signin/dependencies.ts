import type { AuthService, RequestContext } from '@portcullis/api';
import type { FastifyReply, FastifyRequest } from '@portcullis/service';
import type { JudgeRequest } from '../oauth/authorization-request.ts';
import type { IssueCode } from '../oauth/issue-code.ts';

export interface SignInDependencies {
  service: Pick<AuthService, 'logIn' | 'continueLogIn' | 'register' | 'forgotPassword' | 'logOut'>;
  judgeRequest: JudgeRequest;
  issueCode: IssueCode;
  issuer: string;
  /** Origins of the public addresses of this service. */
  ownOrigins: readonly string[];
  /** What an installation makes of their looks: a style sheet behind ours, and an SVG in place of our logo. */
  looks: { style: string; logo: string | null };
  contextOf(request: FastifyRequest, reply: FastifyReply): RequestContext;
}

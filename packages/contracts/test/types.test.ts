/** The types are written out, since the first entry has no schemas: each is what its schema reads. */
import { expectTypeOf, test } from 'vitest';
import type * as z from 'zod';
import type {
  AccessReceipt,
  AccessTokenClaims,
  AccountEvent,
  Acknowledgement,
  Actor,
  ClientId,
  EpochId,
  ErrorBody,
  ErrorCode,
  EventId,
  Deregistration,
  GrantReply,
  GrantRequest,
  IncarnationId,
  KeyId,
  LinkId,
  MachineClaims,
  MailId,
  Numbered,
  Receipt,
  RevocationEvent,
  RevocationReason,
  SessionId,
  TokenId,
  UserClaims,
  UserId,
} from '../src/index.ts';
import type * as schemas from '../src/schemas/index.ts';

type Schemas = typeof schemas;
type Read<Name extends keyof Schemas> = Schemas[Name] extends z.ZodType
  ? z.output<Schemas[Name]>
  : never;
/** Intersections made flat, so that two spellings of one type are equal. */
type Flat<T> = T extends string ? T : T extends object ? { [K in keyof T]: Flat<T[K]> } : T;
type Equal<A, B> =
  (<X>() => X extends A ? 1 : 2) extends <X>() => X extends B ? 1 : 2 ? true : false;
type Same<Name extends keyof Schemas, T> = Equal<Flat<Read<Name>>, Flat<T>>;

test('each type is what its schema reads', () => {
  expectTypeOf<Same<'accessTokenClaims', AccessTokenClaims>>().toEqualTypeOf<true>();
  expectTypeOf<Same<'userClaims', UserClaims>>().toEqualTypeOf<true>();
  expectTypeOf<Same<'machineClaims', MachineClaims>>().toEqualTypeOf<true>();
  expectTypeOf<Same<'accountEvent', AccountEvent>>().toEqualTypeOf<true>();
  expectTypeOf<Same<'revocationEvent', RevocationEvent>>().toEqualTypeOf<true>();
  expectTypeOf<Same<'grantRequest', GrantRequest>>().toEqualTypeOf<true>();
  expectTypeOf<Same<'grantReply', GrantReply>>().toEqualTypeOf<true>();
  expectTypeOf<Same<'acknowledgement', Acknowledgement>>().toEqualTypeOf<true>();
  expectTypeOf<Same<'deregister', Deregistration>>().toEqualTypeOf<true>();
  expectTypeOf<Same<'numbered', Numbered>>().toEqualTypeOf<true>();
  expectTypeOf<Same<'receipt', Receipt>>().toEqualTypeOf<true>();
  expectTypeOf<Same<'accessReceipt', AccessReceipt>>().toEqualTypeOf<true>();
  expectTypeOf<Same<'errorBody', ErrorBody>>().toEqualTypeOf<true>();
  expectTypeOf<Same<'actor', Actor>>().toEqualTypeOf<true>();
});

test('each word and each identifier is what its schema reads', () => {
  expectTypeOf<Read<'errorCode'>>().toEqualTypeOf<ErrorCode>();
  expectTypeOf<Read<'revocationReason'>>().toEqualTypeOf<RevocationReason>();
  expectTypeOf<Read<'userId'>>().toEqualTypeOf<UserId>();
  expectTypeOf<Read<'sessionId'>>().toEqualTypeOf<SessionId>();
  expectTypeOf<Read<'eventId'>>().toEqualTypeOf<EventId>();
  expectTypeOf<Read<'keyId'>>().toEqualTypeOf<KeyId>();
  expectTypeOf<Read<'tokenId'>>().toEqualTypeOf<TokenId>();
  expectTypeOf<Read<'incarnationId'>>().toEqualTypeOf<IncarnationId>();
  expectTypeOf<Read<'epochId'>>().toEqualTypeOf<EpochId>();
  expectTypeOf<Read<'mailId'>>().toEqualTypeOf<MailId>();
  expectTypeOf<Read<'linkId'>>().toEqualTypeOf<LinkId>();
  expectTypeOf<Read<'clientId'>>().toEqualTypeOf<ClientId>();
});

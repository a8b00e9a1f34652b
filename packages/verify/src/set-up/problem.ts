/** What an operator has to change before tokens are accepted. */
export interface VerifierProblem {
  /**
   * `issuer` and `audience`: every token is refused. `keys`: there is none to verify with. `grants`: nothing
   * vouches for a token; while the verifier is LIVE, one of two ways to grants does not work. `introspection`:
   * auth could not be asked about a token while nothing vouched for it.
   */
  of: 'issuer' | 'audience' | 'keys' | 'grants' | 'introspection';
  /** What to change. */
  reason: string;
}

export type ProblemListener = (problem: VerifierProblem) => void;

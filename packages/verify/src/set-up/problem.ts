/** What an operator has to see to, in words that name what to change. */
export interface VerifierProblem {
  /**
   * `issuer` and `audience`: every token is refused. `keys`: there is none to verify with. `grants`: nothing
   * vouches for a token; while the verifier is LIVE, one of two ways to grants does not work. `introspection`:
   * auth could not be asked about a token while nothing vouched for it. `freshness`: a verifier that was LIVE is so no
   * longer. `permission`: what was asked for is declared nowhere, so that no role carries it.
   */
  of: 'issuer' | 'audience' | 'keys' | 'grants' | 'introspection' | 'freshness' | 'permission';
  /** What to change. */
  reason: string;
  /** There is nothing to see to any more: the verifier is LIVE again. Of `freshness` alone. */
  isOver?: true;
}

export type ProblemListener = (problem: VerifierProblem) => void;

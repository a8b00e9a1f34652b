/** What a proof may be signed with; the challenges and the metadata name them. */
export const DPOP_ALGORITHMS: readonly string[] = ['ES256', 'EdDSA', 'Ed25519'];

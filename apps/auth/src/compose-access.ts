/** The adopter's roles: how long a token may become with them, that they count, and whether others do by now. */
import type { AccessConfig } from '@portcullis/contracts';
import { ConfigurationError, NotReady, type Disposal, type Logger } from '@portcullis/service';
import { installAccess, OtherAccess } from './access/install-access.ts';
import { presentAccess } from './access/present-access.ts';
import type { WithChange } from './change/unit-of-work.ts';
import type { AuthConfig } from './config.ts';
import { DeclaredAccess } from './config/declared-access.ts';
import type { Database } from './database/database.ts';
import { PASSWORD_AMR, type Factor } from './login/factor.ts';
import { longestUserToken, MAX_ISSUED_TOKEN } from './token/longest-token.ts';

/** @returns a check of the audiences of tokens: what is wrong where one could be longer than verifiers remember */
export function shortTokensOf(
  { issuer, signing: { algorithm } }: AuthConfig,
  factors: readonly Pick<Factor, 'amr' | 'acr'>[],
): (audiences: readonly string[]) => string | undefined {
  const withFactors = factors.map(({ amr, acr }) => ({ amr: [PASSWORD_AMR, ...amr], acr }));
  const logins = [{ amr: [PASSWORD_AMR] }, ...withFactors];
  return (audiences) => {
    const longest = longestUserToken({ issuer, audiences, algorithm, logins });
    if (longest <= MAX_ISSUED_TOKEN) return undefined;
    return (
      `with PORTCULLIS_ISSUER and PORTCULLIS_SIGNING_ALGORITHM, the token of a user could have ` +
      `${longest} characters, ${MAX_ISSUED_TOKEN} at most: name fewer or shorter audiences`
    );
  };
}

/** @throws ConfigurationError where those of the settings alone are too much */
export function demandShortTokens(
  { services: { always } }: AuthConfig,
  problemOf: (audiences: readonly string[]) => string | undefined,
): void {
  const problem = problemOf(always.audiences);
  if (problem !== undefined) throw new ConfigurationError([`PORTCULLIS_AUDIENCES: ${problem}`]);
}

/**
 * What roles carry by the configuration, which counts from now on unless a later one does; followed where it is a file.
 *
 * @throws ConfigurationError where the number is that of another mapping
 */
export async function declareAccess(
  { access, accessSource, accessFile }: AuthConfig,
  owned: Disposal,
  { database, logger }: { database: Database; logger: Logger },
  withChange: WithChange,
): Promise<DeclaredAccess> {
  const makeCount = async (wanted: AccessConfig): Promise<boolean> => {
    const { number } = wanted;
    try {
      const outcome = await installAccess(database, withChange, wanted);
      if (outcome === 'installed') logger.info({ number }, 'another mapping of roles counts now');
      return outcome !== 'lower';
    } catch (error) {
      if (!(error instanceof OtherAccess)) throw error;
      throw new ConfigurationError([`${accessSource}: number: ${error.message}`]);
    }
  };
  if (!(await makeCount(access))) {
    logger.error({ number: access.number }, 'a later mapping of roles counts: not ready');
  }
  const options = { file: accessFile, name: accessSource, declared: access, makeCount };
  const declared = owned.use(new DeclaredAccess(options, logger));
  await declared.source.follow();
  return declared;
}

/**
 * @returns a check of readiness: an instance of before the last change of the mapping is not to be asked, nor one
 *   whose database has gone back
 */
export function accessIsPresent(database: Database, declared: DeclaredAccess): () => Promise<void> {
  const present = async (): Promise<number> => (await presentAccess(database)).config.number;
  return async () => {
    if ((await present()) === declared.number()) return;
    // Another instance may have read the same file first.
    await declared.source.read();
    const number = await present();
    if (number === declared.number()) return;
    const mend =
      number > declared.number()
        ? 'start it with the present one'
        : 'start it again, since a backup was restored';
    throw new NotReady(
      `its configuration has number ${declared.number()}, the database ${number}: ${mend}`,
    );
  };
}

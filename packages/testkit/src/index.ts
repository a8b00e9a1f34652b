export { natsOptions } from './nats-cleanup.ts';
export { rounds, testProgram, testSeed, testServers, type TestServers } from './environment.ts';
export { freePort } from './free-port.ts';
export { createForge, encoded, segmentsOf, type Forge } from './hostile/forge.ts';
export { HOSTILE_TOKENS, isSendable, LEGITIMATE_TOKENS } from './hostile/hostile-token.ts';
export type { HostileCase, TokenCase } from './hostile/case.ts';
export { askInText, askOverHttp, type HttpAnswer } from './hostile/over-http.ts';
export { PRESENTATIONS, type Presentation } from './hostile/presentations.ts';
export { revocationsOf, type RevokedCase } from './hostile/revoked.ts';
export { run, TestProcess, type ProcessOptions } from './process.ts';
export { repositoryRoot } from './repository.ts';
export { seededRandom } from './seeded-random.ts';
export {
  SOURCE_RUNNER,
  spawnService,
  type ServiceOptions,
  type SpawnedService,
} from './spawned-service.ts';
export {
  appDatabase,
  authSettings,
  ensureMachineClient,
  ensureUserClient,
  startAdmin,
  startAuth,
  startSystem,
  startUser,
  type AdministratorCredentials,
  type AuthProcess,
  type AuthSettings,
  type MachineClientSpec,
  type Overrides,
  type TestSystem,
} from './system.ts';
export { startTcpProxy, TcpProxy, type ProxyTarget } from './tcp-proxy.ts';
export { createTestBed, type TestBed, type TestBedOptions } from './test-bed.ts';
export { createTestDatabase, TestDatabase, type DatabaseRecipe } from './test-database.ts';
export {
  MemoryRevocations,
  type MemoryFeed,
  type MemoryFeedListener,
  type RevocationSpec,
} from './memory-revocations.ts';
export {
  answerQuestions,
  machineNow,
  settingsOfWorker,
  Worker,
  type WorkerOptions,
} from './worker.ts';
export { startPrivateNats, type PrivateNats, type PrivateNatsOptions } from './private-nats.ts';
export { startPrivateRedis, type PrivateRedis } from './private-redis.ts';
export type { SigningAlgorithm } from './issuer-keys.ts';
export {
  createTestIssuer,
  type MintOptions,
  type TestIssuer,
  type TestIssuerOptions,
} from './test-issuer.ts';

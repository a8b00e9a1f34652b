/** What the tests of this repository run on: servers, processes, databases. Not published. */
export {
  createAuthority,
  type CertificateOptions,
  type IssuedCertificate,
  type TestAuthority,
} from './certificates.ts';
export { collectingGarbage } from './collecting-garbage.ts';
export { natsOptions } from './nats-cleanup.ts';
export { rounds, testProgram, testSeed, testServers, type TestServers } from './environment.ts';
export { freePort } from './free-port.ts';
export { run, TestProcess, type ProcessOptions } from './process.ts';
export { repositoryRoot } from './repository.ts';
export { nodeWords, SOURCE_RUNNER } from './node-words.ts';
export { spawnService, type ServiceOptions, type SpawnedService } from './spawned-service.ts';
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
  answerQuestions,
  machineNow,
  settingsOfWorker,
  Worker,
  type WorkerOptions,
} from './worker.ts';
export { startPrivateNats, type PrivateNats, type PrivateNatsOptions } from './private-nats.ts';
export { startPrivateRedis, type PrivateRedis } from './private-redis.ts';

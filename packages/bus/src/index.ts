export {
  connectionOptions,
  type BusConnectionOptions,
  type ConnectingService,
} from './bus-connection.ts';
export {
  busPermissions,
  DURABLES,
  EVENT_STREAMS,
  EVENTS_API,
  inboxPrefix,
  isInbox,
  streamName,
  type BusPermissions,
  type BusRole,
  type AccountExport,
  type Durable,
  type EventStream,
} from './bus-permissions.ts';
export { subjectsOf, type Subjects } from './subjects.ts';

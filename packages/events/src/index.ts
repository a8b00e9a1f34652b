export { connectionOptions } from '@portcullis/bus';
export {
  EVENT_VERSION,
  namesIn,
  subjectOf,
  type EventName,
  type EventsByName,
  type PortcullisEvent,
} from './catalogue.ts';
export type { Logger } from './logger.ts';
export type { EventProblem } from './problem.ts';
export {
  subscribeToEvents,
  type EventHandlers,
  type EventSubscription,
  type EventSubscriptionOptions,
  type Ignorable,
} from './subscribe.ts';
export type { EventSubscriptionStats, UnknownEvent } from './dispatcher.ts';

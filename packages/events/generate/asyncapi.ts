/** The AsyncAPI 3 document, from the schemas that the events are checked with. */
import { accountEvent, revocationEvent } from '@portcullis/contracts/schemas';
import { z } from 'zod';
import { namesIn, subjectOf, type EventName } from '../src/index.ts';
import { DESCRIPTIONS } from './descriptions.ts';

const SCHEMA_FORMAT = 'application/schema+json;version=draft-07';

interface Described {
  name: EventName;
  stream: 'revocations' | 'accounts';
  schema: z.ZodType;
}

/** The same text for the same schemas, on every machine. */
export function asyncApiText(): string {
  return `${JSON.stringify(asyncApi(), undefined, 2)}\n`;
}

function asyncApi() {
  const events = everyEvent();
  return {
    asyncapi: '3.0.0',
    info: {
      title: 'Portcullis events',
      version: '1.0.0',
      description:
        'Revocations and account events, as the auth service publishes them on NATS JetStream. At ' +
        'least once, in any order. See docs/events.md.',
      license: { name: 'Apache-2.0' },
    },
    defaultContentType: 'application/json',
    servers: {
      nats: {
        host: 'localhost:4222',
        protocol: 'nats',
        description: 'The NATS server of the deployment; NATS_URL of each service.',
      },
    },
    channels: Object.fromEntries(events.map((event) => [event.name, channelOf(event)])),
    operations: Object.fromEntries(
      events.map(({ name }) => [
        `publish-${name}`,
        {
          action: 'send',
          channel: { $ref: `#/channels/${name}` },
          title: DESCRIPTIONS[name].title,
          messages: [{ $ref: `#/channels/${name}/messages/${name}` }],
        },
      ]),
    ),
    components: {
      parameters: {
        prefix: {
          description: 'PORTCULLIS_PREFIX of the deployment.',
          default: 'portcullis',
        },
      },
      messages: Object.fromEntries(events.map((event) => [event.name, messageOf(event)])),
    },
  };
}

function everyEvent(): Described[] {
  const schemas = new Map<string, z.ZodType>();
  for (const option of revocationEvent.options) schemas.set(option.shape.kind.value, option);
  for (const option of accountEvent.options) schemas.set(option.shape.type.value, option);
  return (['revocations', 'accounts'] as const).flatMap((stream) =>
    namesIn(stream).map((name) => {
      const schema = schemas.get(name);
      if (schema === undefined) throw new Error(`no schema for ${name}`);
      return { name, stream, schema };
    }),
  );
}

function channelOf({ name, stream }: Described) {
  return {
    address: subjectOf('PREFIX', stream, name).replace('PREFIX', '{prefix}'),
    description: DESCRIPTIONS[name].summary,
    parameters: { prefix: { $ref: '#/components/parameters/prefix' } },
    messages: { [name]: { $ref: `#/components/messages/${name}` } },
    'x-jetstream-stream': `{PREFIX}_${stream.toUpperCase()}`,
  };
}

function messageOf({ name, schema }: Described) {
  const { title, summary, securityEvent } = DESCRIPTIONS[name];
  // Identifiers are checked by code; their form stands in their metadata.
  const options = { target: 'draft-7', io: 'input', unrepresentable: 'any' } as const;
  const { $schema: _, '~standard': __, ...payload } = z.toJSONSchema(schema, options);
  return {
    name,
    title,
    summary,
    contentType: 'application/json',
    payload: { schemaFormat: SCHEMA_FORMAT, schema: payload },
    ...(securityEvent !== null && { 'x-security-event': securityEvent }),
  };
}

/** The stage's NATS server, with one user for all services whose login and permissions can be changed. */
import { startPrivateNats, type PrivateNats } from '@portcullis/testbed';

const STAGE = { user: 'stage', pass: 'of the stage' };
const SERVICE = { user: 'service', pass: 'of the services' };

export interface ServiceUser {
  /** Another one than the services log in with refuses them. */
  pass?: string;
  /** Subjects that they may not hear. */
  denied?: readonly string[];
}

export interface StageNats extends PrivateNats {
  /** As the services connect; `url` is for the stage itself, which may do everything. */
  readonly serviceUrl: string;
  readonly serviceUser: Readonly<typeof SERVICE>;
  /** By a reload; as at the start where nothing is given. */
  changeServiceUser(user: ServiceUser): Promise<void>;
}

export async function startStageNats(): Promise<StageNats> {
  const nats = await startPrivateNats({ configuration: configuration({}), env: {}, ...STAGE });
  const serviceUrl = new URL(nats.url);
  serviceUrl.username = SERVICE.user;
  serviceUrl.password = encodeURIComponent(SERVICE.pass);
  return Object.assign(nats, {
    serviceUrl: serviceUrl.href,
    serviceUser: SERVICE,
    changeServiceUser: async (user: ServiceUser) => await nats.reload(configuration(user)),
  });
}

function configuration({ pass = SERVICE.pass, denied = ['nothing'] }: ServiceUser): string {
  return `listen: $NATS_LISTEN
jetstream { store_dir: $NATS_STORE_DIR }
authorization { users: [
  { user: ${STAGE.user}, password: ${JSON.stringify(STAGE.pass)} }
  {
    user: ${SERVICE.user}, password: ${JSON.stringify(pass)}
    permissions: { publish: ">", subscribe: { allow: ">", deny: ${JSON.stringify(denied)} } }
  }
] }
`;
}

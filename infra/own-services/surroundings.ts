/** Where a service of the reader's own finds the system that runs in a data folder. */
import type { OwnService } from '../nats/own-services.ts';
import { natsUrlOf } from '../nats/users.ts';
import { SUBJECT_PREFIX } from '../service-names.ts';
import { addressOf, type ServicePorts } from '../services/catalogue.ts';
import { natsOf } from '../services/noted-system.ts';
import { clientSecretOf } from '../services/own-service-environment.ts';
import type { Surroundings } from './probe.ts';

export function surroundingsOf(
  dataFolder: string,
  service: OwnService,
  ports: ServicePorts,
): Surroundings {
  const authUrl = addressOf(ports.auth);
  return {
    authUrl,
    issuer: process.env['PORTCULLIS_ISSUER'] || authUrl,
    prefix: SUBJECT_PREFIX,
    nats: natsUrlOf(dataFolder, natsOf(dataFolder), service.name),
    clientSecret: clientSecretOf(dataFolder, service),
  };
}

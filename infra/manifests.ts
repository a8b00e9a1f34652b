export { main } from './deployment/manifests-command.ts';

/** A piece of the ground that cannot be had on this machine: its rows are not run. */
export class Unavailable extends Error {
  override name = 'Unavailable';
}

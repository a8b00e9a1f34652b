import { demandMethods } from '@portcullis/contracts';

const FEED = ['open', 'request', 'acknowledge', 'deregister', 'close'] as const;

/** @throws TypeError that names the option */
export function checkFeed(feed: unknown, of: string, option: string): void {
  demandMethods(feed, of, option, FEED);
}

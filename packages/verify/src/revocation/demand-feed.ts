import { demandMethods } from '@portcullis/contracts';

const FEED = ['open', 'request', 'acknowledge', 'farewell', 'close'] as const;

/** @throws TypeError that names the option */
export function demandFeed(feed: unknown, of: string, option: string): void {
  demandMethods(feed, of, option, FEED);
}

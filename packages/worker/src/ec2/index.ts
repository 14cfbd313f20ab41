export { spotNotice } from './spot-notice.ts';
export type { InterruptionNotice, SpotNotice, SpotNoticeOptions } from './spot-notice.ts';

export { handle } from './handler.ts';
export type { FollowUpOptions, Handler, HandlerBinding, HandlerContext, JobFacts, Logger } from './handler.ts';

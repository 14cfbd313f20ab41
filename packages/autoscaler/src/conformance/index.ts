export { describeTarget } from './describe-target.ts';
export type { OpenTarget, TargetUnderTest } from './describe-target.ts';

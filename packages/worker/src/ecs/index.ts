export { ecsTaskProtection } from './ecs-task-protection.ts';
export type { EcsTaskProtectionOptions } from './ecs-task-protection.ts';

// Code generated from the Go types of the API. DO NOT EDIT.

export interface Accepted {
  event: string;
  executions: string[];
  looked: number;
  matched: number;
}

export interface Action {
  description?: string;
  enabled: boolean;
  entry_point?: string;
  export?: string;
  limits?: Limits;
  name: string;
  pack: string;
  parameters: Record<string, Parameter>;
  position?: Position;
  priority?: number;
  retry?: Retry;
  runner_type: string;
  summary?: string;
  total_timeout?: number;
}

export interface ActionCall {
  parameters?: Record<string, unknown>;
  ref: string;
}

export interface Artifact {
  created_at: string;
  execution: string;
  id: string;
  media_type: string;
  name: string;
  pinned_at?: string;
  pinned_by?: string;
  sha256: string;
  size: number;
}

export interface ArtifactCapability {
  max_bytes?: number;
  reason?: string;
}

export interface Attempt {
  code?: string;
  finished_at?: string;
  host_calls?: HostCall[];
  message?: string;
  number: number;
  started_at: string;
  status: AttemptStatus;
  usage: Usage;
}

export type AttemptStatus = "running" | "succeeded" | "failed" | "timed_out" | "canceled" | "lost" | "interrupted";

export interface AttemptTape {
  attempt: number;
  execution: string;
  incomplete?: string;
  items: TapeEntry[];
  module: string;
  started_at: string;
}

export interface AuditBreak {
  reason: string;
  seq: number;
}

export interface AuditPlace {
  hash: string;
  seq: number;
}

export interface AuditRecord {
  at: string;
  detail?: Record<string, string>;
  hash: string;
  id: string;
  kind: string;
  outcome: string;
  prev: string;
  remote: string;
  role: string;
  seq: number;
  user: string;
  verb: string;
  via: string;
}

export interface AuditReport {
  anchor: AuditPlace;
  broken?: AuditBreak;
  head: AuditPlace;
  records: number;
  verified: boolean;
}

export interface Base {
  time: string;
  total: number;
}

export interface BodyRef {
  artifact: string;
  size: number;
}

export interface BudgetState {
  by: string;
  limit: number;
  name: string;
  per: number;
  used: Record<string, number>;
}

export interface Capabilities {
  actions?: string[];
  artifacts?: ArtifactCapability[];
  http?: HTTPCapability[];
  kubernetes?: KubernetesCapability[];
  kv?: KVCapability[];
  secrets?: SecretCapability[];
  triggers?: string[];
}

export interface Change {
  artifact?: Artifact;
  event?: Event;
  execution?: ExecutionSummary;
  kind: ChangeKind;
  log?: LogGrowth;
  pack?: PackStatus;
  seq: number;
}

export interface ChangeGuard {
  budgets: BudgetState[];
  held: HeldCall[];
  paused: PausedChange[];
  stop?: Stop;
}

export type ChangeKind = "event.created" | "execution.updated" | "log.appended" | "artifact.created" | "pack.updated";

export interface Check {
  detail: string;
  hint?: string;
  name: string;
  status: CheckStatus;
}

export type CheckStatus = "ok" | "warning" | "failed";

export interface Count {
  at_least: number;
  key: string;
  within: string;
}

export interface Criterion {
  condition?: string;
  key: string;
  operator: string;
  pattern: unknown;
  position?: Position;
}

export interface CriterionResult {
  actual: unknown;
  error?: string;
  key: string;
  matched: boolean;
  members?: CriterionResult[];
  operator: string;
  pattern: unknown;
}

export interface Debounce {
  for: string;
  key: string;
  max?: string;
}

export interface Dedupe {
  key: string;
  window: string;
}

export interface Delivery {
  at: string;
  body?: string;
  body_bytes: number;
  code?: string;
  event?: string;
  headers?: unknown;
  id: string;
  message?: string;
  outcome: string;
  redacted?: boolean;
  remote?: string;
  status: number;
  webhook: string;
}

export interface Event {
  cause?: string;
  depth?: number;
  executions?: ExecutionSummary[];
  id: string;
  looked: number;
  matched: number;
  parameters?: Record<string, unknown>;
  payload?: unknown;
  payload_bytes: number;
  received_at: string;
  summary?: string;
  trace?: string;
  trace_id?: string;
  trigger: string;
  verdicts?: Verdict[];
  warning?: string;
}

export interface EventMisses {
  at: string;
  event: string;
  keys?: string;
  total: number;
  verdicts: Verdict[];
}

export interface Execution {
  action: string;
  artifacts: Artifact[];
  attempt_list: Attempt[];
  attempts: number;
  awaited?: boolean;
  code?: string;
  created_at: string;
  delay_key?: string;
  delay_reason?: string;
  depth?: number;
  dry_run?: boolean;
  event?: string;
  finished_at?: string;
  hint?: string;
  id: string;
  log_lines: number;
  max_attempts: number;
  max_lost: number;
  message?: string;
  output?: unknown;
  parameters: unknown;
  parent?: string;
  priority?: number;
  retry?: RetryPlan;
  rule?: string;
  run_after?: string;
  started_at?: string;
  started_by?: string;
  started_from?: string;
  status: Status;
  summary?: string;
  trace?: string;
  trace_id?: string;
}

export interface ExecutionList {
  counts?: Record<string, number>;
  items: ExecutionSummary[];
  next: string;
}

export interface ExecutionReplay {
  attempt: number;
  differs?: ReplayedCall;
  execution: string;
  log: LogLine[];
  module: string;
  note?: string;
  recorded: ReplayedEnd;
  replayed: ReplayedEnd;
  same: boolean;
  same_module: boolean;
}

export interface ExecutionSummary {
  action: string;
  attempts: number;
  code?: string;
  created_at: string;
  delay_reason?: string;
  dry_run?: boolean;
  event?: string;
  finished_at?: string;
  id: string;
  parent?: string;
  priority?: number;
  rule?: string;
  run_after?: string;
  started_at?: string;
  started_from?: string;
  status: Status;
  summary?: string;
  trace_id?: string;
}

export interface Flame {
  base?: Base;
  default: string;
  deltas?: number[][];
  duration_ns: number;
  frame_count: number;
  frames: number[][];
  functions: Function[];
  sample: string;
  sample_types: SampleType[];
  samples: number;
  strings: string[];
  time: string;
  top: Top[];
  total: number;
  truncated: boolean;
  unit: string;
}

export interface Flow {
  count?: Count;
  debounce?: Debounce;
  dedupe?: Dedupe;
  throttle?: Throttle;
}

export interface Function {
  file: number;
  line: number;
  name: number;
  package: number;
}

export interface Grants {
  granted?: Capabilities;
  pack: string;
  requested: Capabilities;
  source: string;
}

export interface Group {
  kind: string;
  members: Member[];
  position?: Position;
}

export interface HTTPCapability {
  from_config?: string[];
  hosts?: string[];
  insecure?: boolean;
  methods?: string[];
  private?: boolean;
  reason: string;
}

export interface Health {
  checks?: Record<string, string>;
  status: string;
}

export interface HeldCall {
  action: string;
  at: string;
  by: string;
  change: HostChange;
  execution: string;
  id: string;
  pack: string;
  released?: boolean;
  why: string;
}

export interface HistorySize {
  bytes: number;
  executions: number;
  free_bytes: number;
  pinned: number;
  shrinks: boolean;
  unindexed: number;
}

export interface HostCall {
  change?: HostChange;
  detail?: string;
  duration: number;
  error?: string;
  held?: boolean;
  message?: string;
  name: string;
  reply_bytes: number;
  request_bytes: number;
  started_at: string;
  would_do?: boolean;
}

export interface HostChange {
  cluster?: string;
  diff?: string;
  host?: string;
  namespace?: string;
  target: string;
  verb: string;
}

export interface Identity {
  role: string;
  token?: string;
  user: string;
}

export interface KVCapability {
  keys?: string[];
  reason?: string;
  reveal?: boolean;
  scope: string;
  write?: boolean;
}

export interface KVEntry {
  created_at: string;
  encrypted?: boolean;
  expires_at?: string;
  name: string;
  scope: string;
  updated_at: string;
  value: string;
}

export interface KubernetesCapability {
  contexts?: string[];
  for?: string;
  labels?: Record<string, string>;
  manual?: boolean;
  names?: string[];
  namespaces?: string[];
  pods?: string[];
  reason: string;
  resources: string[];
  verbs: string[];
}

export interface LastBackup {
  at?: string;
  bytes?: number;
  missing?: number;
}

export interface Limits {
  call_depth?: number;
  fuel?: number;
  host_bytes?: number;
  host_calls?: number;
  log?: number;
  memory?: number;
  output?: number;
  timeout?: number;
}

export interface ListAction {
  items: Action[];
  next: string;
}

export interface ListArtifact {
  items: Artifact[];
  next: string;
}

export interface ListAuditRecord {
  items: AuditRecord[];
  next: string;
}

export interface ListCheck {
  items: Check[];
  next: string;
}

export interface ListDelivery {
  items: Delivery[];
  next: string;
}

export interface ListEvent {
  items: Event[];
  next: string;
}

export interface ListKVEntry {
  items: KVEntry[];
  next: string;
}

export interface ListPackStatus {
  items: PackStatus[];
  next: string;
}

export interface ListPolicyStatus {
  items: PolicyStatus[];
  next: string;
}

export interface ListRule {
  items: Rule[];
  next: string;
}

export interface ListSecret {
  items: Secret[];
  next: string;
}

export interface ListSourceStatus {
  items: SourceStatus[];
  next: string;
}

export interface ListTrigger {
  items: Trigger[];
  next: string;
}

export interface ListVerdict {
  items: Verdict[];
  next: string;
}

export interface ListWebhook {
  items: Webhook[];
  next: string;
}

export interface LogGrowth {
  execution: string;
  lines: number;
}

export type LogLevel = "debug" | "info" | "warning" | "error";

export interface LogLine {
  at: string;
  attempt: number;
  level: LogLevel;
  number: number;
  text: string;
}

export interface LogPage {
  items: LogLine[];
  next_from: number;
  total: number;
}

export interface Login {
  code?: string;
  token?: string;
}

export interface Member {
  criterion?: Criterion;
  group?: Group;
}

export type ModuleKind = "command" | "reactor" | "extism";

export interface NewEvent {
  parameters?: Record<string, unknown>;
  payload: unknown;
  trigger: string;
}

export interface NewValue {
  encrypted?: boolean;
  ttl?: string;
  value: string;
}

export type Outcome = "matched" | "not_matched" | "suppressed" | "error";

export interface PackModule {
  actions: string[];
  exports: string[];
  exports_left_out?: number;
  file: string;
  functions: number;
  host_functions: string[];
  imports: string[];
  instructions: number;
  kind: ModuleKind;
  memory_max?: number;
  memory_min: number;
  reset_why?: string;
  resettable: boolean;
  sha256: string;
  size: number;
  unknown_imports?: string[];
  why: string;
}

export interface PackStatus {
  actions: string[];
  author?: string;
  capabilities?: Capabilities;
  description?: string;
  digest?: string;
  error?: string;
  hint?: string;
  in_service: boolean;
  loaded_at?: string;
  modules: PackModule[];
  name: string;
  path: string;
  policies?: string[];
  rules: string[];
  sensors?: string[];
  version?: string;
  webhooks?: string[];
}

export interface PackUsage {
  narrowed: Capabilities;
  pack: string;
  partial?: boolean;
  since: string;
  used: UsedFunction[];
}

export interface Parameter {
  default?: unknown;
  description?: string;
  enum?: unknown[];
  immutable?: boolean;
  position?: number;
  required?: boolean;
  schema?: Record<string, unknown>;
  secret?: boolean;
  type?: string;
}

export interface PausedChange {
  until: string;
  what: string;
}

export type PayloadCheck = "reject" | "warn";

export interface PolicyStatus {
  action?: string;
  attributes?: string[];
  delay?: number;
  description?: string;
  enabled: boolean;
  limit?: number;
  max_depth?: number;
  max_retry_count?: number;
  name: string;
  pack: string;
  policy_type: string;
  position?: Position;
  queued: number;
  ref: string;
  resource_ref: string;
  retry_on?: string;
  running: number;
  threshold?: number;
  waiting: number;
  window?: number;
}

export interface Position {
  column?: number;
  file?: string;
  line?: number;
}

export interface Problem {
  code: string;
  detail: string;
  hint?: string;
  request_id: string;
  status: number;
  title: string;
  type: string;
}

export interface RecordedCase {
  action: string;
  execution: string;
  limits: Limits;
  parameters: unknown;
  tape: Tape;
  want: ReplayedEnd;
}

export interface ReleaseRequest {
  item?: number;
  rule: string;
}

export interface ReplayedCall {
  number: number;
  recorded?: TapeCall;
  replayed?: TapeCall;
}

export interface ReplayedEnd {
  code?: string;
  fuel: number;
  message?: string;
  output?: unknown;
}

export interface ReplayedEvent {
  criteria?: CriterionResult[];
  error?: string;
  event: string;
  held: number;
  items?: number;
  outcome: Outcome;
  received_at: string;
  summary?: string;
  total: number;
  was?: Outcome;
}

export interface Rerun {
  dry_run?: boolean;
  parameters?: Record<string, unknown>;
  priority?: number;
  remove?: string[];
  run_at?: string;
}

export interface Retention {
  busy: boolean;
  error?: string;
  last_run?: string;
  pinned: number;
  removed: number;
  removed_bytes: number;
  removed_events: number;
  removed_files: number;
  rules: RetentionLimit[];
  size: HistorySize;
}

export interface RetentionLimit {
  age?: number;
  bytes?: number;
  count?: number;
  excess: number;
  excess_bytes: number;
  executions: number;
  held_bytes: number;
  pack?: string;
  statuses?: Status[];
}

export interface RetentionRequest {
  dry_run?: boolean;
}

export interface Retry {
  delay?: number;
  fixed?: boolean;
  jitter?: number;
  max_attempts?: number;
  max_delay?: number;
  max_lost?: number;
  on?: string[];
}

export interface RetryPlan {
  delay?: number;
  fixed?: boolean;
  jitter?: number;
  max_delay?: number;
  on?: string[];
  total_timeout?: number;
}

export interface Rotation {
  sealed: number;
}

export interface Rule {
  action: ActionCall;
  backstop?: boolean;
  criteria: Criterion[];
  description?: string;
  enabled: boolean;
  flow?: Flow;
  foreach?: string;
  groups?: Group[];
  mode?: string;
  name: string;
  pack: string;
  position?: Position;
  trigger: TriggerSpec;
  when?: string;
}

export interface RuleDetail {
  rule: Rule;
  verdicts: Verdict[];
}

export interface RuleReplay {
  compared: boolean;
  errored: number;
  events: ReplayedEvent[];
  flow_ignored?: boolean;
  gone: number;
  keys?: string;
  matched: number;
  new: number;
  partial?: boolean;
  rule: string;
  tested: number;
}

export interface RuleReplayRequest {
  last?: number;
  ref?: string;
  rule?: string;
}

export interface RuleTest {
  criteria: CriterionResult[];
  error: string;
  item?: number;
  keys?: string;
  matched: boolean;
  parameters: Record<string, unknown>;
  reason?: string;
}

export interface RuleTestRequest {
  event?: string;
  payload?: unknown;
  ref?: string;
  rule?: string;
}

export interface RunRequest {
  action: string;
  dry_run?: boolean;
  parameters: Record<string, unknown>;
  priority?: number;
  run_at?: string;
  trace_id?: string;
}

export interface SampleType {
  type: string;
  unit: string;
}

export interface Secret {
  by?: string;
  created?: string;
  error?: string;
  name: string;
  shadowed_by?: string;
  short?: boolean;
  source: string;
  updated?: string;
}

export interface SecretCapability {
  hosts?: string[];
  name: string;
  reason: string;
  reveal?: boolean;
}

export interface SecretValue {
  value: string;
}

export interface Sensor {
  description?: string;
  enabled: boolean;
  entry_point: string;
  export: string;
  interval: string;
  limits?: Limits;
  name: string;
  needs_config?: string[];
  pack: string;
  position?: Position;
  triggers: string[];
  unset_config?: string[];
}

export interface SensorDetail {
  cursor: unknown;
  log: SensorLine[];
  sensor: Sensor;
  status: SourceStatus;
}

export interface SensorLine {
  at: string;
  level: LogLevel;
  text: string;
}

export interface SensorReset {
  cursor?: unknown;
}

export interface SourceStatus {
  description?: string;
  error?: string;
  events: number;
  failures: number;
  hint?: string;
  id: string;
  kind: string;
  last_event?: string;
  last_run?: string;
  next?: string[];
  parameters?: Record<string, unknown>;
  rules: string[];
  runs: number;
  state: string;
  trigger: string;
}

export type Status = "pending" | "delayed" | "paused" | "running" | "waiting" | "succeeded" | "failed" | "timed_out" | "canceled";

export interface Stop {
  at: string;
  by: string;
  reason?: string;
}

export interface StopRequest {
  reason?: string;
}

export interface Tape {
  calls?: TapeCall[];
  clocks?: number[];
  config?: Record<string, string>;
  export: string;
  incomplete?: string;
  module: string;
  seed?: number[];
  start: TapeStart;
}

export interface TapeCall {
  name: string;
  reply?: unknown;
  reply_in?: BodyRef;
  request?: unknown;
  request_in?: BodyRef;
}

export interface TapeEntry {
  change?: HostChange;
  detail?: string;
  duration: number;
  error?: string;
  held?: boolean;
  message?: string;
  name: string;
  reply?: unknown;
  reply_bytes: number;
  reply_in?: BodyRef;
  request?: unknown;
  request_bytes: number;
  request_in?: BodyRef;
  started_at: string;
  would_do?: boolean;
}

export interface TapeStart {
  at?: string;
  seed?: number[];
}

export interface Throttle {
  key: string;
  limit: number;
  per: string;
}

export interface Top {
  function: number;
  self: number;
  self_delta?: number;
  total: number;
  total_delta?: number;
}

export interface Trigger {
  description?: string;
  example?: unknown;
  last_event?: string;
  name: string;
  pack: string;
  parameters_schema?: Record<string, unknown>;
  payload_check?: PayloadCheck;
  payload_schema?: Record<string, unknown>;
  position?: Position;
  ref: string;
  rules: string[];
}

export interface TriggerSpec {
  parameters?: Record<string, unknown>;
  type: string;
}

export interface Usage {
  fuel: number;
  guest_time: number;
  host_bytes: number;
  host_calls: number;
  host_time: number;
  limits?: Limits;
  memory: number;
  pack?: string;
  pack_digest?: string;
}

export interface UsedFunction {
  calls: number;
  host?: string;
  last_at: string;
  name: string;
  refused: number;
}

export interface Verdict {
  control?: string;
  criteria: CriterionResult[];
  error?: string;
  event: string;
  execution?: string;
  held: number;
  item?: number;
  observed?: boolean;
  outcome: Outcome;
  reason?: string;
  released_at?: string;
  released_by?: string;
  rule: string;
  total: number;
}

export interface Version {
  commit?: string;
  go: string;
  version: string;
}

export interface Webhook {
  auth: string;
  closed?: boolean;
  counts: WebhookCounts;
  observe?: boolean;
  pack?: string;
  path: string;
  rules: string[];
  url: string;
}

export interface WebhookCounts {
  accepted: number;
  duplicate: number;
  last_at?: string;
  observed: number;
  rejected: number;
}

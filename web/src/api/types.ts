// The API's words, as runtime/automation declares them. Times are RFC 3339,
// durations are nanoseconds.

export type Status = "pending" | "running" | "succeeded" | "failed" | "timed_out" | "canceled";

export type AttemptStatus =
  | "running"
  | "succeeded"
  | "failed"
  | "timed_out"
  | "canceled"
  | "lost"
  | "interrupted";

export type Outcome = "matched" | "not_matched" | "error";

export type LogLevel = "debug" | "info" | "warning" | "error";

export type Json = unknown;

export interface AutomationEvent {
  id: string;
  trigger: string;
  parameters?: Record<string, Json>;
  payload?: Json;
  payload_bytes: number;
  received_at: string;
  matched: number;
  looked: number;
  summary?: string;
  verdicts?: Verdict[];
  executions?: ExecutionSummary[];
}

export interface Verdict {
  event: string;
  rule: string;
  outcome: Outcome;
  criteria: CriterionResult[] | null;
  held: number;
  total: number;
  error?: string;
  execution?: string;
}

export interface CriterionResult {
  key: string;
  operator: string;
  pattern: Json;
  actual: Json;
  matched: boolean;
  error?: string;
}

export interface RuleTest {
  matched: boolean;
  criteria: CriterionResult[] | null;
  parameters: Record<string, Json> | null;
  error: string;
}

export interface ExecutionSummary {
  id: string;
  action: string;
  status: Status;
  summary?: string;
  rule?: string;
  event?: string;
  parent?: string;
  attempts: number;
  code?: string;
  created_at: string;
  started_at?: string;
  finished_at?: string;
}

export interface Execution extends ExecutionSummary {
  started_by?: string;
  parameters: Record<string, Json> | null;
  output?: Json;
  message?: string;
  hint?: string;
  trace?: string;
  log_lines: number;
  attempt_list: Attempt[] | null;
  artifacts: Artifact[] | null;
  max_attempts: number;
  max_lost: number;
}

export interface Attempt {
  number: number;
  status: AttemptStatus;
  started_at: string;
  finished_at?: string;
  code?: string;
  message?: string;
  usage: Usage;
  host_calls?: HostCall[];
}

export interface Usage {
  fuel: number;
  memory: number;
  host_calls: number;
  guest_time: number;
  host_time: number;
  pack?: string;
  pack_digest?: string;
  limits?: Limits;
}

export interface Limits {
  timeout?: number;
  memory?: number;
  output?: number;
  log?: number;
  host_calls?: number;
  fuel?: number;
  call_depth?: number;
}

export interface HostCall {
  name: string;
  started_at: string;
  duration: number;
  detail?: string;
  error?: string;
  message?: string;
  request_bytes: number;
  reply_bytes: number;
}

export interface LogLine {
  number: number;
  attempt: number;
  at: string;
  level: LogLevel;
  text: string;
}

export interface Artifact {
  id: string;
  execution: string;
  name: string;
  media_type: string;
  size: number;
  sha256: string;
  created_at: string;
}

export interface Rule {
  pack: string;
  name: string;
  description?: string;
  enabled: boolean;
  trigger: { type: string; parameters?: Record<string, Json> };
  criteria: Criterion[] | null;
  action: { ref: string; parameters?: Record<string, Json> };
  position?: Position;
}

export interface Criterion {
  key: string;
  operator: string;
  pattern: Json;
  condition?: string;
  position?: Position;
}

export interface Position {
  file?: string;
  line?: number;
  column?: number;
}

export interface PackStatus {
  name: string;
  version?: string;
  description?: string;
  author?: string;
  digest?: string;
  loaded_at?: string;
  path: string;
  in_service: boolean;
  error?: string;
  hint?: string;
  actions: string[] | null;
  rules: string[] | null;
  capabilities?: Capabilities;
}

export interface Capabilities {
  kubernetes?: KubernetesCapability[];
  http?: HTTPCapability[];
  artifacts?: ArtifactCapability[];
}

export interface KubernetesCapability {
  verbs: string[] | null;
  resources: string[] | null;
  namespaces?: string[];
  names?: string[];
  reason: string;
}

export interface HTTPCapability {
  hosts?: string[];
  from_config?: string[];
  methods?: string[];
  private?: boolean;
  reason: string;
}

export interface ArtifactCapability {
  max_bytes?: number;
  reason?: string;
}

export interface Webhook {
  path: string;
  url: string;
  rules: string[] | null;
}

export type ChangeKind =
  | "event.created"
  | "execution.updated"
  | "log.appended"
  | "artifact.created"
  | "pack.updated";

export interface Change {
  seq: number;
  kind: ChangeKind;
  event?: AutomationEvent;
  execution?: ExecutionSummary;
  log?: { execution: string; lines: number };
  artifact?: Artifact;
  pack?: PackStatus;
}

export interface Flame {
  sample_types: { type: string; unit: string }[];
  sample: string;
  unit: string;
  default: string;
  total: number;
  samples: number;
  time: string;
  duration_ns: number;
  strings: string[];
  functions: { name: number; file: number; package: number; line: number }[];
  /** [parent or -1, function, self, total]; a parent stands before its children. */
  frames: [number, number, number, number][];
  top: { function: number; self: number; total: number }[];
  truncated: boolean;
  frame_count: number;
}

export interface List<T> {
  items: T[] | null;
  next?: string;
}

export interface Me {
  user: string;
  role: string;
}

export interface Problem {
  type?: string;
  title?: string;
  status: number;
  detail?: string;
  code?: string;
  hint?: string;
  request_id?: string;
}

package telemetry

import (
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Metrics counts what the server does, for Prometheus. Durations are seconds.
//
//	squall_events_total{trigger}                    events accepted
//	squall_verdicts_total{outcome,control}          verdicts of rules; control holds suppressed ones back
//	squall_flow_states_forgotten_total              states of controls forgotten early, because there were too many
//	squall_sensor_polls_total{sensor,outcome}       polls of sensors
//	squall_webhooks_rejected_total{reason}          webhook deliveries refused
//	squall_webhook_deliveries_total{webhook,outcome} deliveries to webhooks that rules listen to
//	squall_accept_seconds                           from an event's arrival to its commit
//	squall_executions_total{action,status,code}     attempts ended
//	squall_execution_wait_seconds                   from creation to the first attempt
//	squall_execution_seconds{action}                duration of attempts
//	squall_changes_held_total{by}                    changes of host calls that were held back
//	squall_host_calls_total{function,error}         calls of guests to host functions
//	squall_attempts_lost_total                      attempts that died with an earlier process
//	squall_payload_misfits_total{trigger,check}     events whose payload does not fit its schema
//	squall_event_chains_cut_total                   chains of events about executions that were cut
//	squall_executions_delayed_total{why}             executions put off: by a type of policy, to a time, for a retry
//	squall_queue_refused_total{by}                   events and runs refused because a queue is full: server or policy
//	squall_source_events_total{kind}                events that timers, sensors and watches raised
//	squall_source_failures_total{kind}              failures of theirs; they try again
//	squall_pack_loads_total{pack,result}            tries to load a pack
//	squall_audit_records_total{result}              records of the audit chain: ok, or error for those that could not be written
//	squall_audit_head                               number of the newest record; it never falls
//	squall_backup_failures_total                    backups that could not be written to their end
//	squall_backup_last_timestamp_seconds            when the last one was, since 1970
//	squall_history_removed_total{what}              what retention removed: executions, events, files, audit
//	squall_history_executions                       executions that are kept
//	squall_history_bytes                            size of the database
//	squall_history_unindexed                        executions that the search has yet to index
//	squall_retention_failing                        1 while retention fails
//	squall_executions_queued                        pending executions held in memory
//	squall_executions_waiting                       executions that are pending or delayed, in memory or not
//	squall_executions_running                       executions running now
//	squall_stream_watchers                          watchers of the live stream
//	squall_stream_watchers_dropped_total            those that were cut off because they took nothing; they come back
//	squall_wasm_memory_budget_bytes                 memory that all guests together may use
//	squall_wasm_memory_used_bytes                   memory that guests have taken of it
//	squall_wasm_idle_instances                      instances that wait for a call
//	squall_wasm_modules                             modules loaded
//
// Package daemon adds the gauges: the time of the last backup, and what is neither a
// total nor a duration. Beside them stand the Go and process metrics of the Prometheus client.
type Metrics struct {
	registry   *prometheus.Registry
	events     *prometheus.CounterVec
	verdicts   *prometheus.CounterVec
	forgotten  prometheus.Counter
	rejected   *prometheus.CounterVec
	deliveries *prometheus.CounterVec
	held       *prometheus.CounterVec
	accept     prometheus.Histogram
	executions *prometheus.CounterVec
	wait       prometheus.Histogram
	run        *prometheus.HistogramVec
	hostCalls  *prometheus.CounterVec
	lost       prometheus.Counter
	misfits    *prometheus.CounterVec
	cut        prometheus.Counter
	delayed    *prometheus.CounterVec
	refused    *prometheus.CounterVec
	packs      *prometheus.CounterVec
	raised     *prometheus.CounterVec
	failures   *prometheus.CounterVec
	polls      *prometheus.CounterVec
	backups    prometheus.Counter
	pruned     *prometheus.CounterVec
	audit      *prometheus.CounterVec
	watchers   prometheus.Gauge
	dropped    prometheus.Counter
}

// NewMetrics makes the server's metrics in a registry of their own.
func NewMetrics() *Metrics {
	m := &Metrics{
		registry: prometheus.NewRegistry(),
		events:   counter("squall_events_total", "Events accepted, by trigger type.", "trigger"),
		verdicts: counter("squall_verdicts_total", "Verdicts of rules, by outcome and by the control that held a match back.", "outcome", "control"),
		forgotten: prometheus.NewCounter(prometheus.CounterOpts{Name: "squall_flow_states_forgotten_total",
			Help: "States of rules' controls forgotten before they expired, because there were too many."}),
		held:       counter("squall_changes_held_total", "Changes of host calls that were held back, by what did it.", "by"),
		deliveries: counter("squall_webhook_deliveries_total", "Deliveries to webhooks that rules listen to, by what became of them.", "webhook", "outcome"),
		rejected:   counter("squall_webhooks_rejected_total", "Webhook deliveries refused, by reason.", "reason"),
		accept:     histogram("squall_accept_seconds", "From an event's arrival to its durable commit."),
		executions: counter("squall_executions_total", "Attempts ended, by action, status and failure code.", "action", "status", "code"),
		wait:       histogram("squall_execution_wait_seconds", "From an execution's creation to the start of its first attempt."),
		run: prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "squall_execution_seconds",
			Help: "Duration of attempts, by action.", Buckets: buckets()}, []string{"action"}),
		hostCalls: counter("squall_host_calls_total", "Calls of guests to host functions, by function and error kind (empty: ok).", "function", "error"),
		lost: prometheus.NewCounter(prometheus.CounterOpts{Name: "squall_attempts_lost_total",
			Help: "Attempts that died with an earlier process."}),
		misfits: counter("squall_payload_misfits_total", "Events whose payload does not fit the schema of their trigger type, by what became of them (reject, warn).", "trigger", "check"),
		cut: prometheus.NewCounter(prometheus.CounterOpts{Name: "squall_event_chains_cut_total",
			Help: "Chains of events about executions that were cut because they had become too long."}),
		backups: prometheus.NewCounter(prometheus.CounterOpts{Name: "squall_backup_failures_total",
			Help: "Backups that could not be written to their end."}),
		watchers: prometheus.NewGauge(prometheus.GaugeOpts{Name: "squall_stream_watchers", Help: "Watchers of the live stream."}),
		dropped: prometheus.NewCounter(prometheus.CounterOpts{Name: "squall_stream_watchers_dropped_total",
			Help: "Watchers of the live stream that were cut off because they took nothing; they come back."}),
		audit:    counter("squall_audit_records_total", "Records of the audit chain, by result: ok, or error for those that could not be written.", "result"),
		pruned:   counter("squall_history_removed_total", "What retention removed: executions, events, files, audit records.", "what"),
		delayed:  counter("squall_executions_delayed_total", "Executions put off, by a type of policy, to a time (time) or for another attempt (retry).", "why"),
		refused:  counter("squall_queue_refused_total", "Events and runs refused because a queue is full: that of the server, or that of an action by its policy.", "by"),
		polls:    counter("squall_sensor_polls_total", "Polls of sensors, by sensor and outcome (ok, error).", "sensor", "outcome"),
		raised:   counter("squall_source_events_total", "Events that timers, sensors and watches raised.", "kind"),
		failures: counter("squall_source_failures_total", "Failures of timers, sensors and watches; they try again.", "kind"),
		packs:    counter("squall_pack_loads_total", "Packs loaded, by pack and result (ok, error).", "pack", "result"),
	}
	m.registry.MustRegister(m.events, m.verdicts, m.forgotten, m.rejected, m.deliveries, m.held, m.accept, m.executions, m.wait, m.run, m.hostCalls, m.lost, m.misfits, m.cut, m.delayed, m.refused, m.packs, m.polls, m.pruned, m.audit, m.raised, m.failures, m.backups, m.watchers, m.dropped,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

func counter(name, help string, labels ...string) *prometheus.CounterVec {
	return prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, labels)
}

func histogram(name, help string) prometheus.Histogram {
	return prometheus.NewHistogram(prometheus.HistogramOpts{Name: name, Help: help, Buckets: buckets()})
}

// buckets reach from a quarter of a millisecond to about two minutes.
func buckets() []float64 { return prometheus.ExponentialBuckets(0.00025, 2, 20) }

// Handler serves the metrics in Prometheus' text format.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{})
}

// Gauge adds a value that is read when somebody scrapes.
func (m *Metrics) Gauge(name, help string, read func() float64) {
	m.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help}, read))
}

// EventAccepted counts an event that was committed.
func (m *Metrics) EventAccepted(trigger string, took time.Duration) {
	m.events.WithLabelValues(trigger).Inc()
	m.accept.Observe(took.Seconds())
}

// FlowStatesForgotten counts states of controls that were forgotten early: a rule may
// act more often than its controls say.
func (m *Metrics) FlowStatesForgotten(n int) { m.forgotten.Add(float64(n)) }

// VerdictReached counts what a rule decided; control is empty unless one held the
// rule back.
func (m *Metrics) VerdictReached(outcome, control string) {
	m.verdicts.WithLabelValues(outcome, control).Inc()
}

// HistoryRemoved counts what retention removed.
func (m *Metrics) HistoryRemoved(what string, n int) { m.pruned.WithLabelValues(what).Add(float64(n)) }

// AuditRecorded counts a record of the audit chain, or that one could not be written.
func (m *Metrics) AuditRecorded(ok bool) {
	if ok {
		m.audit.WithLabelValues("ok").Inc()
		return
	}
	m.audit.WithLabelValues("error").Inc()
}

// SensorPolled counts a poll of a sensor.
func (m *Metrics) SensorPolled(sensor, outcome string) {
	m.polls.WithLabelValues(sensor, outcome).Inc()
}

// WebhookRejected counts a delivery that was refused.
func (m *Metrics) WebhookRejected(reason string) { m.rejected.WithLabelValues(reason).Inc() }

// WebhookDelivered counts what became of a delivery; only paths that rules listen to
// may be passed.
func (m *Metrics) WebhookDelivered(webhook, outcome string) {
	m.deliveries.WithLabelValues(webhook, outcome).Inc()
}

// StreamWatched counts watchers of the live stream that come (1) and go (-1).
func (m *Metrics) StreamWatched(change int) { m.watchers.Add(float64(change)) }

// WatcherDropped counts a watcher of the live stream that was cut off.
func (m *Metrics) WatcherDropped() { m.dropped.Inc() }

// ExecutionStarted observes how long an execution waited for its first attempt.
func (m *Metrics) ExecutionStarted(waited time.Duration) { m.wait.Observe(waited.Seconds()) }

// AttemptEnded counts an attempt and its duration.
func (m *Metrics) AttemptEnded(action, status, code string, took time.Duration) {
	m.executions.WithLabelValues(action, status, code).Inc()
	m.run.WithLabelValues(action).Observe(took.Seconds())
}

// HostCalled counts a guest's call to a host function.
func (m *Metrics) HostCalled(function, errorKind string) {
	m.hostCalls.WithLabelValues(function, errorKind).Inc()
}

// ChangeHeld counts a change that the stop switch, the breaker or a budget held back.
func (m *Metrics) ChangeHeld(by string) { m.held.WithLabelValues(by).Inc() }

// AttemptsLost counts attempts that died with an earlier process.
func (m *Metrics) AttemptsLost(n int) { m.lost.Add(float64(n)) }

// PayloadMisfit counts an event whose payload does not fit its schema.
func (m *Metrics) PayloadMisfit(trigger, check string) {
	m.misfits.WithLabelValues(trigger, check).Inc()
}

// SourceRaised counts events that a source raised by itself.
func (m *Metrics) SourceRaised(kind string, events int) {
	m.raised.WithLabelValues(kind).Add(float64(events))
}

// SourceFailed counts that a source could not do its work.
func (m *Metrics) SourceFailed(kind string) { m.failures.WithLabelValues(kind).Inc() }

// BackupFailed counts a backup that could not be written to its end.
func (m *Metrics) BackupFailed() { m.backups.Inc() }

// ChainCut counts a chain of events that was cut.
func (m *Metrics) ChainCut() { m.cut.Inc() }

// ExecutionsDelayed counts executions that were put off.
func (m *Metrics) ExecutionsDelayed(why string, n int) {
	m.delayed.WithLabelValues(why).Add(float64(n))
}

// QueueRefused counts what a full queue refused.
func (m *Metrics) QueueRefused(by string) { m.refused.WithLabelValues(by).Inc() }

// PackLoaded counts a try to load a pack.
func (m *Metrics) PackLoaded(pack string, ok bool) {
	result := "ok"
	if !ok {
		result = "error"
	}
	m.packs.WithLabelValues(pack, result).Inc()
}

package automation

// The triggers that the server raises itself. Their types are declared in the pack
// core. StackStorm's names stand where it has the trigger.
const (
	TriggerActionEnded     Ref = "core.st2.generic.actiontrigger"
	TriggerExecutionFailed Ref = "core.execution.failed"
	TriggerPackLoaded      Ref = "core.pack.loaded"
	TriggerPackFailed      Ref = "core.pack.failed"
	TriggerSensorFailed    Ref = "core.sensor.failed"
	TriggerKeyCreated      Ref = "core.st2.key_value_pair.create"
	TriggerKeyUpdated      Ref = "core.st2.key_value_pair.update"
	TriggerKeyDeleted      Ref = "core.st2.key_value_pair.delete"
	TriggerKeyChanged      Ref = "core.st2.key_value_pair.value_change"
)

// KeyTriggers are the triggers about the key-value store.
func KeyTriggers() []Ref {
	return []Ref{TriggerKeyCreated, TriggerKeyUpdated, TriggerKeyDeleted, TriggerKeyChanged}
}

package rule

// eventScope names what every rule may refer to in paths and templates.
func eventScope(in *Input) map[string]any {
	return map[string]any{triggerName: in.Payload}
}

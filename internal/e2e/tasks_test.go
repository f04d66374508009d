package e2e

// tasks are what worker processes can do, by name.
func tasks() map[string]task {
	return map[string]task{
		"count":    typed(countTask),
		"complain": typed(complainTask),
	}
}

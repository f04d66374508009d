package e2e

import "maps"

// tasks are what worker processes can do, by name.
func tasks() map[string]task {
	all := map[string]task{
		"count":    typed(countTask),
		"complain": typed(complainTask),
	}
	maps.Copy(all, storeTasks())
	maps.Copy(all, refreshTasks())
	maps.Copy(all, timelogTasks())
	return all
}

package tokenstore

// FileOn is File on a disk of the test's own.
func FileOn(dir string, disk func(step string, do func() error) error) Store {
	s := File(dir).(*fileStore)
	s.disk = disk
	return s
}

// LockLimit is how long File waits for a lock.
const LockLimit = lockLimit

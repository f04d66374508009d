package tokenstore

// FileOn is File on a disk of the test's own.
func FileOn(dir string, disk func(step string, do func() error) error) Store {
	s := File(dir).(*fileStore)
	s.disk = disk
	return s
}

// LockLimit is how long File waits for a lock.
const LockLimit = lockLimit

// ReadFile returns the record in the content of a file.
func ReadFile(key Key, data []byte) (Record, error) {
	stored, err := unseal(key, data)
	if err != nil {
		return Record{}, err
	}
	return stored.record, nil
}

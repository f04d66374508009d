//go:build unix

package tokenstore

// What the tests look at by itself.
var (
	SyncDirectory  = syncDirectory
	CheckOwner     = checkOwner
	CheckPrivate   = checkPrivate
	CheckDirectory = checkDirectory
)

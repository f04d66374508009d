package auth

// LoginID tells the present login from an earlier or a later one of the account, perhaps by another person: it stays the
// same when the token is renewed. It is empty if there is no token or no ID token. It is a secret.
func (s *Source) LoginID() string {
	t := s.current.Load()
	if t == nil {
		return ""
	}
	return t.record.IDToken
}

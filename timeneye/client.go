package timeneye

import "github.com/worktime-go/worktime"

const provider = "timeneye"

func badField(field, reason string) error {
	return &worktime.FieldError{Provider: provider, Field: field, Reason: reason}
}

package transport

import "context"

// Slots limits how many requests are under way at once; nil: no limit. Waits between attempts take no slot.
type Slots chan struct{}

// NewSlots returns n slots.
func NewSlots(n int) Slots { return make(Slots, n) }

// sendInSlot makes one attempt when the host has room for it. Without one it reports that the gate was closed
// during the wait, so that this call belongs behind it.
func (x *exchange) sendInSlot(ctx context.Context) (sent bool, err error) {
	if slots := x.call.Host.Slots; slots != nil {
		closed, err := x.takeSlot(ctx, slots)
		if err != nil {
			return false, err
		}
		defer func() { <-slots }()
		if closed {
			return false, nil
		}
	}
	x.send(ctx)
	return true, nil
}

// takeSlot waits for a slot and reports whether the gate was closed meanwhile.
func (x *exchange) takeSlot(ctx context.Context, slots Slots) (closed bool, err error) {
	select {
	case slots <- struct{}{}:
		return false, nil
	default:
	}
	before := x.call.Host.gate.closings()
	select {
	case slots <- struct{}{}:
		return x.call.Host.gate.closings() != before, nil
	case <-ctx.Done():
		return false, x.fail(ctx.Err(), x.before)
	}
}

// closings counts how often the gate was closed.
func (g *gate) closings() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.round
}

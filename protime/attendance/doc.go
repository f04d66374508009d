// Package attendance makes worked time of Protime's clockings: who was at work from when to when.
//
// A clocking says that a person passed a terminal, and when; it does not say which way. [Pair] puts the clockings of each person
// into the order of the clock and makes a [Span] of each coming with the going after it, [Days] adds the spans up by day:
//
//	clockings, err := worktime.Collect(client.Clockings.All(ctx, protime.ClockingQuery{From: from.AddDays(-1), To: to.AddDays(1)}))
//	if err != nil {
//		return err
//	}
//	for _, day := range attendance.Days(attendance.Pair(clockings)) {
//		fmt.Println(day.Date, day.Person, day.Worked(), "minutes", day.Unpaired(), "without a pair")
//	}
//
// Read a day more at either end, as above, and drop what is outside of the period by [Span.Date]: a shift may have begun
// before it, or end after it.
//
// # The rules
//
//   - Order is that of the clock, whatever order the clockings came in. Of several states of one clocking, as deltas and
//     webhooks bring them, the one with the newest ChangeVersion counts.
//   - Deleted clockings do not count, nor do those of a kind that is not known.
//   - [protime.ClockingInOut] is a coming if nothing is open, otherwise a going.
//   - [protime.ClockingReason] is a going, for a reason: it ends what is open, and begins nothing.
//   - [protime.ClockingActivity] and [protime.ClockingActivityEnd] say what a person works on: they neither begin nor end work.
//   - A going that is not there is not guessed. A coming is without one if the next clocking is more than [LongestSpan] away: then
//     that is a coming again. It counts as no time, and stands among the spans with Out nil, so that somebody sees it.
//     A reason with nothing open stands there with In nil. A person who is still at work looks like one who forgot to clock out.
//   - Two clockings of kind InOut at most [DoubleRead] apart are a badge that was read twice: the first counts.
//   - A span belongs to the Date of its coming, which is the working day that Protime's schedule put it on, also if it
//     ends on the next, or begins on the evening before.
//
// Times are those on the clock (TimeOfDay), as clocked or as somebody corrected them, and not CalculatedTimeOfDay, which the rules
// of the company have rounded. They have no zone: a night in which clocks are changed is as long as the clock shows.
//
// What these rules cannot know: a clocking that is missing within LongestSpan of the next turns that into its going, because
// nothing in the two tells. Protime itself knows the schedules: where it is about pay, and not about a picture
// of the day, read its own totals with CalculatedTotals or PaidPresences.
//
// The package stands beside protime and not in it, because it is one way to read clockings and not what Protime
// answers; and not in an example, because every program that reads clockings has to do this and it is easily done wrong. It
// needs nothing but the exported fields of [protime.Clocking], so it can be copied and its rules be changed.
package attendance

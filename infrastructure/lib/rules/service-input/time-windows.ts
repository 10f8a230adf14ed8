const days = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];
const minutesOfDay = 24 * 60;
const minutesOfWeek = 7 * minutesOfDay;

/** `18:00-19:00`, every day, or `sat:18:30-sat:19:30`. */
export function windowOf(text: string) {
  const [start = 0, end = 0] = text.split('-').map(minuteOf);
  const isDaily = !/[a-z]/i.test(text);
  const minutes = modulo(end - start, isDaily ? minutesOfDay : minutesOfWeek);
  const starts = isDaily ? days.map((_, day) => day * minutesOfDay + start) : [start];
  const overlaps = (other: { starts: number[]; minutes: number }) =>
    starts.some((own) =>
      other.starts.some(
        (its) =>
          modulo(its - own, minutesOfWeek) < minutes || modulo(own - its, minutesOfWeek) < other.minutes,
      ),
    );
  return { starts, minutes, overlaps };
}

function minuteOf(text: string): number {
  const [minutes = 0, hours = 0, day] = text.split(':').reverse();
  return (
    Math.max(0, days.indexOf(String(day ?? '').toLowerCase())) * minutesOfDay +
    Number(hours) * 60 +
    Number(minutes)
  );
}

const modulo = (value: number, divisor: number) => ((value % divisor) + divisor) % divisor;

// npm `ical.js`, which Thunderbird and Nextcloud use. Arguments: the folder of ical.js, the folder of .ics files.
// What it answers is described in reading.py.

import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const [, , program, folder] = process.argv;
const { default: ICAL } = await import(pathToFileURL(join(program, "dist", "ical.js")).href);

const moment = (time) => {
  if (time === null) return "";
  return (time.isDate ? time : time.convertToZone(ICAL.Timezone.utcTimezone)).toString();
};

const read = (text) => {
  const calendar = new ICAL.Component(ICAL.parse(text));
  if (calendar.name !== "vcalendar") throw new Error(`read a ${calendar.name}`);
  return calendar.getAllSubcomponents("vevent").map((component) => {
    const event = new ICAL.Event(component);
    return [event.uid ?? "", event.summary ?? "", moment(event.startDate), moment(event.endDate)];
  });
};

const verdicts = {};
for (const file of readdirSync(folder).filter((name) => name.endsWith(".ics"))) {
  const complaints = [];
  let events = [];
  try {
    events = read(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(readFileSync(join(folder, file))));
  } catch (error) {
    complaints.push(String(error));
  }
  events.sort((a, b) => (a[0] < b[0] ? -1 : 1));
  verdicts[file.slice(0, -".ics".length)] = [complaints, events];
}
process.stdout.write(JSON.stringify(verdicts));

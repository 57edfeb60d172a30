import { driftReference, type Observation } from '../../src/evaluation/drift/reference.js';
import { mulberry32, type Uniform } from '../../src/lib/seeded-random.js';
import type { StudyStatisticsRow } from '../../src/store/study-statistics.js';
import { alarmsIn } from '../../src/monitoring/check-drift.js';
import { look } from '../support/seen-studies.js';

const looks = 1000;
const sites = ['north', 'south', 'east'];
const now = new Date('2026-02-01T06:30:00Z');

/** How often a look raises an alarm of nothing, and how often it sees a shift of a known size: three sites, 13 quantities each. */
export async function bench(): Promise<void> {
  for (const [n, trained] of [
    [50, 600],
    [100, 600],
    [400, 3000],
  ] as const) {
    const none = await share(n, trained, 0);
    const [half, one] = [await share(n, trained, 0.5), await share(n, trained, 1)];
    console.log(
      `${n} studies a site, ${trained} training images: an alarm of nothing in ${none} of ${looks} looks; grey moved at one site by half a standard deviation seen in ${half}, by a whole one in ${one}`,
    );
  }
}

async function share(n: number, trained: number, shift: number): Promise<number> {
  let raised = 0;
  for (let seed = 1; seed <= looks; seed++) {
    const uniform = mulberry32(seed * 7919 + n);
    const reference = driftReference(Array.from({ length: trained }, () => observation(uniform, 0)));
    const rows = sites.flatMap((site) =>
      Array.from(
        { length: n },
        (_, index): StudyStatisticsRow => ({
          studyInstanceUID: `${site}${index}`,
          network: 'xray',
          modelVersion: 'abcdef012345',
          site,
          predictedAt: new Date(now.getTime() - 3_600_000),
          decisions: {},
          ...observation(uniform, site === 'south' ? shift : 0),
        }),
      ),
    );
    const alarms = alarmsIn(await look(rows, now, reference));
    if (shift === 0 ? alarms.length > 0 : alarms.some(({ site }) => site === 'south')) raised++;
  }
  return raised;
}

/** Five grey figures that hang together, as those of pictures do, a distance, a probability, and six names. */
function observation(uniform: Uniform, shift: number): Observation {
  const gaussian = (): number => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
  const brightness = gaussian() + shift;
  const grey = (own: number): number => brightness * Math.sqrt(1 - own ** 2) + gaussian() * own;
  const one = (names: readonly string[]): string => names[Math.floor(uniform() ** 1.5 * names.length)]!;
  return {
    numbers: {
      'input:mean': brightness,
      'input:sd': grey(0.9),
      'input:p05': grey(0.5),
      'input:p50': grey(0.2),
      'input:p95': grey(0.6),
      'feature:distance': Math.abs(gaussian()) + 5,
      'output:pneumonia': 1 / (1 + Math.exp(-gaussian() - 1)),
    },
    names: {
      'tag:Modality': one(['DX', 'CR']),
      'tag:Manufacturer': one(['A', 'B', 'C']),
      'tag:ViewPosition': one(['PA', 'AP']),
      'tag:BitsStored': one(['12', '14', '10']),
      'tag:PatientAge': one(['60 to 79', '40 to 59', 'from 80', '20 to 39', '0 to 19']),
      'input:accepted': uniform() < 0.97 ? 'yes' : 'no',
    },
  };
}

// A history as a few lines that can be read, and how to have it again.

export const described = ({ store, protocol, size, kind }) => `${store}, ${protocol}, ${size}, ${kind}`;

export function printed({ plan, events }, { rule, says, life, event: last }) {
  const lines = events
    .filter(event => !life || event.sent?.life === life || event.got?.life === life)
    .filter(event => event === last || !['old copy', 'after the end'].includes(event.step.act))
    .map(event => `${event === last ? '>' : ' '} ${line(event)}`);
  const world = plan.steps.filter(step => !step.visitor).map(step => `  ${time(step.at)}  ${step.act} ${step.region ?? ''} ${step.trouble ? JSON.stringify(step.trouble) : ''}`);
  return [
    `${rule}: ${says}`,
    `  seed ${plan.seed}: ${described(plan)}${plan.skew ? `, west ${plan.skew / 1000} s ahead` : ''}`,
    ...world,
    ...lines,
    `  again: scripts/histories.sh 1 ${plan.seed} --store ${plan.store} --protocol ${plan.protocol} --size ${plan.size} --kind "${plan.kind}"`,
  ].join('\n');
}

const time = milliseconds => `${String(milliseconds).padStart(6)} ms`;

function line({ step, start, end, sent, got, status, session, isRemoved }) {
  const what = [step.insists && step.by === 'api' && 'with a key', step.act, step.key && `${step.key}=${step.visitor} ${step.number}`, step.path, step.by && `by ${step.by}`].filter(Boolean).join(' ');
  const cookie = `${sent?.name ?? '-'}${got ? ` -> ${got.name}` : ''}${isRemoved ? ' removed' : ''}`;
  const where = `${step.visitor}/${step.browser}.${step.tab} ${step.region}`;
  return `${time(start)} to ${end}  ${where}  ${what}: ${status} ${cookie} ${told(session)}`;
}

function told(session) {
  if (!session) return session === null ? '[no session]' : '';
  const keys = Object.entries(session).filter(([key]) => !key.endsWith('_too') && key !== '_auth_user_id');
  return `[${keys.map(([key, value]) => (key === 'pad' ? 'pad' : `${key}=${value}`)).join(', ')}]`;
}

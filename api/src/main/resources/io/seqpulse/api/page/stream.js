import { pauseAfter, retryAfter } from '/assets/asking.js';

/**
 * What the service tells a page, topic by topic. All visible tabs of a browser that show the same
 * window share one connection, because a browser opens six to a host and a seventh tab would wait
 * for ever: who holds a lock of the browser is connected, and tells the others. A tab that is hidden
 * lets go of it. Without locks, which browsers grant to HTTPS and to this machine only, each visible
 * tab has its own.
 */

const TOPICS = ['freshness', 'kpis', 'trends', 'deliveries', 'segments', 'activity', 'funnel'];

/** Who only looked elsewhere for a moment finds everything as it was. */
const LEFT_AFTER = 5_000;
/** The service says something each second: after this, what is shown is no longer of now. */
const SILENT_AFTER = 10_000;
const DEAD_AFTER = 15_000;
/** Who holds the lock gives a sign of life more often than this. */
const ALONE_AFTER = 20_000;

const isObject = (value) => value !== null && typeof value === 'object' && !Array.isArray(value);

/**
 * An object with the members that changed (see Difference.java). The object itself stays as it is,
 * because whoever was told of it still holds it.
 */
function withChanges(known, set) {
  const now = { ...known };
  for (const [name, value] of Object.entries(set)) {
    now[name] = isObject(value) && isObject(known[name]) ? withChanges(known[name], value) : value;
  }
  return now;
}

/** An object without the member at the end of a path; the object itself stays as it is. */
function without(known, [name, ...below]) {
  if (below.length > 0) {
    return isObject(known[name]) ? { ...known, [name]: without(known[name], below) } : known;
  }
  const { [name]: gone, ...kept } = known;
  return kept;
}

export class Stream {
  #days = null;
  #channel = null;
  #turn = null;
  #release = null;
  #source = null;
  #reconnect = null;
  #leaving = null;
  #failures = 0;
  #told = {};
  #toldAt = 0;
  #aliveAt = 0;
  #silent = false;

  /**
   * Tells what is told.
   *
   * @param topic called with the name of a topic and all of it, as it is now
   * @param state called with `connecting`, `lost` or `paused` when it is none of the service's
   * @param refused called when the service no longer knows who asks
   */
  constructor({ topic, state, refused }) {
    this.tellTopic = topic;
    this.tellState = state;
    this.tellRefused = refused;
    document.addEventListener('visibilitychange', () => this.#look());
    document.addEventListener('freeze', () => this.#pause());
    document.addEventListener('resume', () => this.#look());
    addEventListener('pagehide', () => this.#pause());
    addEventListener('pageshow', () => this.#look());
    addEventListener('online', () => this.#source === null && this.#release && this.#connect());
    setInterval(() => this.#watch(), 1_000);
  }

  /** Begins to tell of a window of so many days, and of no other. */
  show(days) {
    this.end();
    this.#days = days;
    this.#told = {};
    this.tellState(document.hidden ? 'paused' : 'connecting');
    this.#look();
  }

  /** Tells no more. */
  end() {
    this.#stop();
    this.#days = null;
  }

  #look() {
    clearTimeout(this.#leaving);
    if (this.#days === null) {
      return;
    }
    if (document.hidden) {
      this.#leaving = setTimeout(() => this.#pause(), LEFT_AFTER);
    } else if (this.#channel === null) {
      this.#start();
    }
  }

  #pause() {
    if (this.#channel !== null) {
      this.#stop();
      this.tellState('paused');
    }
  }

  #start() {
    this.#toldAt = Date.now();
    this.#aliveAt = Date.now();
    this.#silent = false;
    this.#failures = 0;
    if (Object.keys(this.#told).length === 0) {
      this.tellState('connecting');
    }
    this.#channel = new BroadcastChannel(`seqpulse.page.${this.#days}`);
    this.#channel.onmessage = ({ data }) => this.#hear(data);
    this.#channel.postMessage({ asks: true });
    this.#queue({});
  }

  #stop() {
    clearTimeout(this.#leaving);
    this.#follow();
    this.#turn?.abort();
    this.#turn = null;
    this.#channel?.close();
    this.#channel = null;
  }

  /** Waits for its turn to be the one that is connected. */
  #queue(how) {
    const turn = new AbortController();
    this.#turn = turn;
    const lead = () => new Promise((release) => {
      if (this.#turn !== turn) {
        release();
        return;
      }
      this.#release = release;
      this.#connect();
    });
    if (!navigator.locks) {
      lead();
      return;
    }
    const options = how.steal ? { steal: true } : { signal: turn.signal };
    navigator.locks.request(`seqpulse.page.${this.#days}`, options, lead).catch(() => {
      // Given up, or taken by a tab that heard nothing of this one for long.
      if (this.#turn === turn) {
        this.#follow();
        this.#queue({});
      }
    });
  }

  /** Is connected no more. */
  #follow() {
    clearTimeout(this.#reconnect);
    this.#source?.close();
    this.#source = null;
    this.#release?.();
    this.#release = null;
  }

  #connect() {
    clearTimeout(this.#reconnect);
    this.#source?.close();
    const source = new EventSource(`/page/events?days=${this.#days}`);
    this.#source = source;
    for (const topic of TOPICS) {
      source.addEventListener(topic, ({ data }) => this.#take(topic, JSON.parse(data)));
      source.addEventListener(`${topic}.changes`, ({ data }) => {
        const { set, gone = [] } = JSON.parse(data);
        this.#take(topic, gone.reduce(without, withChanges(this.#told[topic], set)));
      });
    }
    source.addEventListener('error', () => source === this.#source && this.#lost());
  }

  async #lost() {
    this.#source?.close();
    this.#source = null;
    this.#say('lost');
    const turn = this.#turn;
    // Whoever does not answer keeps nobody from trying again.
    const answer = await fetch('/session', { signal: AbortSignal.timeout(SILENT_AFTER) }).catch(() => null);
    if (this.#turn !== turn || this.#release === null) {
      return;
    }
    if (answer?.status === 401) {
      this.#channel.postMessage({ refused: true });
      this.end();
      this.tellRefused();
      return;
    }
    const pause = Math.max(pauseAfter(this.#failures), retryAfter(answer));
    this.#failures += 1;
    this.#reconnect = setTimeout(() => this.#connect(), pause);
  }

  #say(state) {
    this.tellState(state);
    this.#channel?.postMessage({ state });
  }

  #take(topic, content) {
    this.#failures = 0;
    this.#tell(topic, content);
    this.#channel?.postMessage({ topic, content });
  }

  #tell(topic, content) {
    this.#told[topic] = content;
    this.#toldAt = Date.now();
    this.#silent = false;
    this.tellTopic(topic, content);
  }

  /** What another tab says. */
  #hear({ asks, topic, content, state, refused }) {
    this.#aliveAt = Date.now();
    if (asks) {
      if (this.#release !== null) {
        Object.entries(this.#told).forEach(([name, all]) =>
          this.#channel.postMessage({ topic: name, content: all }));
      }
    } else if (topic) {
      this.#tell(topic, content);
    } else if (state) {
      this.tellState(state);
    } else if (refused) {
      this.end();
      this.tellRefused();
    }
  }

  /** A connection may be dead without anybody saying so: after a machine slept, or by a proxy. */
  #watch() {
    if (this.#channel === null) {
      return;
    }
    const now = Date.now();
    const leads = this.#release !== null;
    if (leads) {
      this.#channel.postMessage({ alive: true });
    }
    if (now - this.#toldAt > SILENT_AFTER && !this.#silent) {
      this.#silent = true;
      this.tellState('lost');
    }
    if (leads && this.#source !== null && now - this.#toldAt > DEAD_AFTER) {
      this.#toldAt = now;
      this.#lost();
    } else if (!leads && navigator.locks && now - this.#aliveAt > ALONE_AFTER) {
      this.#aliveAt = now;
      this.#turn.abort();
      this.#queue({ steal: true });
    }
  }
}

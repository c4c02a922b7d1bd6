import { CallersDesk } from './callers';
import type {
  CdrQuery,
  CdrView,
  RecordedCall,
  RecordingInput,
  RecordingQuery,
  RecordingView,
  Viewer,
} from './contract';
import { viewOf } from './view';

/** What PBXs keep of calls: recordings and CDR rows. */
export abstract class RecordsDesk extends CallersDesk {
  callIdsOf(linkedids: string[], viewer: Viewer): Promise<Record<string, string>> {
    const known = this.parts.recordings.callsOf(linkedids);
    return Promise.resolve(
      Object.fromEntries([...known].filter(([, callId]) => this.parts.visible(callId, viewer))),
    );
  }

  cdr(callId: string, viewer: Viewer): Promise<CdrView[] | null> {
    return Promise.resolve(this.parts.visible(callId, viewer) && this.parts.cdr.ofCall(callId));
  }

  cdrPage(query: CdrQuery): Promise<{ rows: CdrView[]; next: string | null }> {
    return Promise.resolve(this.parts.cdr.page(query));
  }

  recordingPage(query: RecordingQuery): Promise<{ items: RecordedCall[]; next: string | null }> {
    const { recordings, store, names } = this.parts;
    const { rows, next } = recordings.page(query);
    const items = rows.flatMap((recording) => {
      const call = store.call(recording.call_id);
      return call === null ? [] : [{ recording, call: viewOf(call, names) }];
    });
    return Promise.resolve({ items, next });
  }

  addRecording(input: RecordingInput): Promise<void> {
    this.commit(() => {
      const { recordings, store, intake, groups } = this.parts;
      const call = store.call(recordings.add(input) ?? '');
      if (!call) return;
      intake.save({ ...call, recordingCount: recordings.count(call.callId) }, call);
      // Its record may have waited for it.
      const group = groups.group(call.callId);
      if (group) intake.publish(group);
    });
    return Promise.resolve();
  }

  recordings(callId: string, viewer: Viewer): Promise<RecordingView[] | null> {
    return Promise.resolve(this.parts.visible(callId, viewer) && this.parts.recordings.list(callId));
  }

  recordingBlob(
    callId: string,
    recordingId: string,
    viewer: Viewer,
  ): Promise<{ key: string; type: string } | null> {
    const call = this.parts.visible(callId, viewer);
    return Promise.resolve(call && this.parts.recordings.blob(callId, recordingId));
  }
}

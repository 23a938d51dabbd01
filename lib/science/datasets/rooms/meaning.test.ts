import { describe, expect, it } from 'vitest';
import { ROOMS_TASKS } from '../../catalog/tasks-rooms';
import { OBJECT_CLASSES, PIXEL_CLASSES, ROOM_KINDS } from './classes';
import { ROOM_LABELS } from './labels';
import { openRecord, packFrame } from './record';
import { type RoomFrame, renderRoom } from './render';

const size = 64;
const frames = [4, 8, 15, 16, 23, 42].map((scene) => renderRoom(13, scene, 0, size));

function label(task: string, frame: RoomFrame, length: number, masks: number) {
  const sections = packFrame(frame);
  const [values, mask] = [new Float32Array(length), new Uint8Array(masks)];
  ROOM_LABELS[task]?.fill(
    openRecord(size, (name) => sections[name]),
    values,
    0,
    1,
    mask,
    0,
  );
  return { values, mask };
}

describe('labels of meaning', () => {
  it('segmentation names the class of the object that is seen, and masks clutter', () => {
    let labelled = 0;
    for (const frame of frames) {
      const { values, mask } = label('semantic-segmentation', frame, size * size, size * size);
      for (let k = 0; k < size * size; k++) {
        const own = frame.room.objectClass[frame.object[k] as number] as number;
        if (own >= PIXEL_CLASSES.length) expect(mask[k]).toBe(0);
        if (mask[k] === 0) continue;
        labelled++;
        expect(values[k]).toBe(own);
      }
    }
    expect(labelled / (frames.length * size * size)).toBeGreaterThan(0.7);
  });

  it('object shares are those of the labelled furniture pixels, by name', () => {
    let known = 0;
    for (const frame of frames) {
      const { values, mask } = label('object-class', frame, OBJECT_CLASSES.length, 1);
      const counts = OBJECT_CLASSES.map(
        (name) => frame.pixelClass.filter((c) => PIXEL_CLASSES[c] === name).length,
      );
      const total = counts.reduce((a, b) => a + b, 0);
      expect(mask[0]).toBe(total >= 0.015 * size * size ? 1 : 0);
      if (mask[0] === 0) continue;
      known++;
      counts.forEach((count, i) => {
        expect(values[i]).toBeCloseTo(count / total, 6);
      });
    }
    expect(known).toBeGreaterThan(3);
  });

  it('the scene class is the kind of room that was furnished', () => {
    const kinds = frames.map((frame) => {
      const kind = label('scene-class', frame, 1, 1).values[0] as number;
      expect(ROOM_KINDS[kind]).toBe(frame.room.kind);
      return kind;
    });
    expect(new Set(kinds).size).toBeGreaterThan(2);
  });
});

describe('the dictionary of the paper', () => {
  it('is here, 26 tasks, with the same four that are sources only', () => {
    const paper = ROOMS_TASKS.filter((task) => task.id !== 'rotation');
    expect(paper).toHaveLength(26);
    const only = paper.filter((task) => !task.roles.includes('target')).map((task) => task.id);
    expect(only.sort()).toEqual(['colorization', 'inpainting', 'jigsaw', 'random-projection']);
    expect(paper.every((task) => task.roles.includes('source'))).toBe(true);
  });
});

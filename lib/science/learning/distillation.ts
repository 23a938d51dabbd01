import { TaskatlasError } from '../core';
import { at, type Numbers } from '../numerics';
import { logSoftmax } from './softmax';

export interface LossAndGradient {
  loss: number;
  /** ∂loss/∂(first argument), same layout. */
  gradient: Float64Array;
}

function checkLogits(student: Numbers, teacher: Numbers, classes: number): number {
  const rows = student.length / classes;
  if (student.length !== teacher.length || !Number.isInteger(rows) || rows < 1) {
    throw new TaskatlasError(
      'invalid-input',
      `student and teacher need equally many rows of ${classes} logits, got ${student.length} and ${teacher.length} numbers`,
    );
  }
  return rows;
}

/**
 * Soft-target loss of knowledge distillation (Hinton, Vinyals & Dean 2015, section 2), rows [N × classes]:
 *   L = T²/N · Σₙ KL(softmax(teacherₙ/T) ‖ softmax(studentₙ/T)),  ∂L/∂student = T/N · (softmax(student/T) − softmax(teacher/T))
 * T² keeps the gradient's size when T changes. A class to which the teacher gives probability 0 adds nothing.
 * Throws `invalid-input` on unequal shapes or T ≤ 0.
 */
export function distillationLoss(
  student: Numbers,
  teacher: Numbers,
  classes: number,
  temperature: number,
): LossAndGradient {
  const rows = checkLogits(student, teacher, classes);
  if (!(temperature > 0) || temperature === Infinity) {
    throw new TaskatlasError('invalid-input', `temperature must be a positive number, got ${temperature}`);
  }
  const gradient = new Float64Array(student.length);
  const own = new Float64Array(classes);
  const soft = new Float64Array(classes);
  let total = 0;
  for (let row = 0; row < rows; row++) {
    const from = row * classes;
    logSoftmax(student, from, classes, temperature, own);
    logSoftmax(teacher, from, classes, temperature, soft);
    for (let c = 0; c < classes; c++) {
      const p = Math.exp(at(soft, c));
      if (p > 0) total += p * (at(soft, c) - at(own, c));
      gradient[from + c] = (temperature / rows) * (Math.exp(at(own, c)) - p);
    }
  }
  return { loss: (temperature ** 2 * total) / rows, gradient };
}

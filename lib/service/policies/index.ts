export { beside } from './answer';
export { answerCurve, answerPolicy } from './question';
export { survivalOf } from './survival';

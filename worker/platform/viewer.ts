export { viewerOf } from '../http/live-subscriber';

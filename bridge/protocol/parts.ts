/** The validated parts that commands are built of. Nothing else from outside reaches Asterisk or a phone. */
import { z } from 'zod';

/** Name of a PBX in the bridge's configuration. */
export const PbxName = z.string().regex(/^[a-z0-9][a-z0-9-]{0,30}$/, 'not a name of a PBX');
/** Internal number; star codes included. */
export const Extension = z.string().regex(/^[0-9*#]{1,20}$/, 'not an extension');
/** E.164 with its plus, or a local number: digits only. */
export const PhoneNumber = z.string().regex(/^\+?[0-9]{2,15}$/, 'not a phone number');
/** Name of a trunk, context, queue or endpoint, as Asterisk's configuration spells it. */
export const PbxWord = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/, 'not a name Asterisk knows');
/** UniqueId or LinkedId of a channel. */
export const ChannelId = z.string().regex(/^[A-Za-z0-9_.-]{1,150}$/, 'not the id of a channel');
export const CallId = z.string().regex(/^c_[0-9a-z]{1,40}$/, 'not a call id');
/** A reload is for a module, never for an arbitrary command. */
export const ModuleName = z.string().regex(/^[a-z0-9_]{1,40}\.so$/, 'not a module');
/** The bridge's own key of a slot: the serial number of the phone. */
export const SlotKey = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._:-]{0,63}$/, 'not the key of a slot');
/** Grows with every holder of a slot; a command with an older one is refused. */
export const Fence = z.number().int().min(0);
/** Milliseconds since the epoch. */
export const Moment = z.number().int().min(0);

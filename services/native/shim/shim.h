// The whole contract between the shim and whoever drives it.
//
// The shim stands between a plain C caller and Sony's Camera Remote SDK. It needs no Sony header
// and no Sony class: it loads the SDK by path, finds its C functions by name, reads its objects by
// offset and hands it a table of callbacks that fits the SDK's own version.
//
// Rules that hold for every function:
// - A result of 0 is success, a positive one is the SDK's own error number, a negative one is
//   a crshim_trouble.
// - What is handed out as a list is one block: give it to crshim_free exactly once.
// - Texts are UTF-8 and end with a zero; texts handed in are only borrowed.
// - Nothing here takes a lock around the SDK: calls on one link must come one at a time.
//   crshim_next may be called at any time, and blocks.
//
// The part between the two markers is plain C declarations without a preprocessor, for cffi.

#pragma once

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#pragma GCC visibility push(default)

// cdef begin

typedef enum {
  CRSHIM_OK = 0,
  CRSHIM_MISSING = -1,    // this SDK has no such function
  CRSHIM_MALFORMED = -2,  // the SDK answered something impossible
  CRSHIM_CLOSED = -3,     // the queue is closed and empty
  CRSHIM_NO_INDEX = -4,   // no camera has this index
} crshim_trouble;

typedef enum {
  CRSHIM_CONNECTED = 1,      // code: the version of the connection
  CRSHIM_DISCONNECTED = 2,   // code: the error, 0 without one
  CRSHIM_PROPERTIES = 3,     // codes, count
  CRSHIM_DOWNLOADED = 4,     // text: the file; code: what it is
  CRSHIM_OPERATION = 5,      // code
  CRSHIM_CONTENTS = 6,       // code: the notice; handle; text: the file, perhaps empty
  CRSHIM_WARNING = 7,        // code
  CRSHIM_WARNING_EXT = 8,    // code; params
  CRSHIM_ERROR = 9,          // code
  CRSHIM_TRANSFER = 10,      // code: the notice; params[0]: percent; text: the file, perhaps empty
  CRSHIM_CARD_CHANGED = 11,  // code: the notice; params: slot, how many were added
  CRSHIM_READ = 12,  // code: the notice; params: percent, 1 if there is more than was asked for,
                     // CRSHIM_MALFORMED if a chunk could not be believed
} crshim_kind;

typedef struct crshim_sdk crshim_sdk;          // a loaded SDK
typedef struct crshim_cameras crshim_cameras;  // the cameras of one enumeration
typedef struct crshim_queue crshim_queue;      // what the SDK called back, in order
typedef struct crshim_link crshim_link;        // one connection to one camera

typedef struct {
  uint8_t id[64];
  uint32_t id_size;  // bytes used in id
  uint32_t id_type;  // 0 USB, 2 IP
  uint32_t has_ssh;
  char model[64];
  char name[64];
  char connection[32];
  char mac[32];  // empty where the SDK does not tell it
} crshim_camera;

typedef struct {
  int64_t time_us;   // Unix microseconds at which the SDK called
  uint32_t link;     // the number of the link
  uint32_t kind;     // a crshim_kind
  uint32_t code;
  uint32_t handle;
  int32_t params[3];
  uint32_t dropped;  // how many callbacks were lost before this one
  uint32_t count;
  const uint32_t* codes;
  const char* text;
} crshim_event;

typedef struct {
  uint64_t taken;   // callbacks so far, those that were folded or lost among them
  uint64_t folded;  // joined one that waited
  uint64_t lost;
  uint32_t most;    // events that ever waited at once
} crshim_counts;

typedef struct {
  uint32_t code;
  uint32_t type;  // CrDataType
  int32_t enable;
  uint32_t variable;
  uint64_t value;
  uint32_t text_units;
  uint32_t values_size;      // bytes
  uint32_t set_values_size;  // bytes
  const uint16_t* text;
  const uint8_t* values;
  const uint8_t* set_values;
} crshim_property;

typedef struct {
  uint32_t content_id;
  uint32_t file_id;
  uint64_t size_bytes;
  uint32_t width;   // 0 where the SDK does not tell it
  uint32_t height;
  uint16_t created[6];  // year, month, day, hour, minute, second
  const char* path;
} crshim_file;

typedef struct {
  uint16_t year;
  uint16_t month;
  uint16_t day;
} crshim_day;

// What the camera itself calls a value.
typedef struct {
  uint32_t list;  // CrDisplayStringType
  uint32_t type;  // CrDataType of the value
  uint64_t value;
  const char* text;
} crshim_display_text;

typedef struct {
  uint32_t code;
  int32_t enable;
  uint32_t kind;  // CrFrameInfoType
  uint32_t size_bytes;
  const uint8_t* data;  // packed frames, as the SDK has them
} crshim_frames;

// Embedded copy of this header, so that a caller cannot disagree with the library that it has.
const char* crshim_contract(void);

// Loads the SDK. `slots` is 0 to choose the callback table by the SDK's version, or 12, 18, 19 or
// 21. Null, with a sentence in `message`, when the file, a function or the version does not fit.
crshim_sdk* crshim_load(const char* path, uint32_t slots, char* message, size_t message_size);
void crshim_unload(crshim_sdk* sdk);
uint32_t crshim_version(const crshim_sdk* sdk);
uint32_t crshim_slots(const crshim_sdk* sdk);
uint32_t crshim_serial(const crshim_sdk* sdk);  // of the SDK; 0 where it has none
int32_t crshim_init(crshim_sdk* sdk, uint32_t log_type);  // 1 on success
int32_t crshim_release(crshim_sdk* sdk);                  // 1 on success

int32_t crshim_enumerate(crshim_sdk* sdk, uint8_t seconds, crshim_cameras** cameras);
uint32_t crshim_camera_count(const crshim_cameras* cameras);
int32_t crshim_camera_at(const crshim_cameras* cameras, uint32_t index, crshim_camera* camera);
void crshim_cameras_free(crshim_cameras* cameras);
// Cameras that no enumeration has to find: by their model's number in the SDK's list and a serial
// number of 12 letters, or the four bytes of an address and the six of a MAC address; or, of a model
// that is on no list, by its name and its id alone (`id_type`: 0 USB, 2 IP). Nobody asks the camera.
// Free it only after crshim_release_device.
int32_t crshim_make_usb(crshim_sdk* sdk, uint32_t model, const char* serial,
                        crshim_cameras** cameras);
int32_t crshim_make_network(crshim_sdk* sdk, uint32_t model, const uint8_t* address,
                            const uint8_t* mac, uint32_t ssh, crshim_cameras** cameras);
int32_t crshim_make_named(crshim_sdk* sdk, const char* model, uint32_t id_type, const uint8_t* id,
                          uint32_t id_size, uint32_t ssh, crshim_cameras** cameras);
// The fingerprint of a network camera's key, in a block of its own. Needs no connection.
int32_t crshim_fingerprint(crshim_sdk* sdk, const crshim_cameras* cameras, uint32_t index,
                           char** fingerprint, uint32_t* size_bytes);

// Property codes join the event before them if that has codes of the same link and still waits.
// `fold_at`: from this many waiting events on, they join the last such event, wherever it stands.
// `limit`: beyond this many, new events are counted and lost.
crshim_queue* crshim_queue_new(uint32_t fold_at, uint32_t limit);
void crshim_queue_close(crshim_queue* queue);
void crshim_queue_free(crshim_queue* queue);
// Returns 1 with an event, 0 when none came in time, CRSHIM_CLOSED at the end. Property codes
// collect for `hold_ms` before they are handed out, unless another event waits behind them.
int32_t crshim_next(crshim_queue* queue, int32_t timeout_ms, int32_t hold_ms, crshim_event** event);
void crshim_count(crshim_queue* queue, crshim_counts* counts);

// A link carries the callbacks of one connection. Free it only after crshim_release_device.
crshim_link* crshim_link_new(crshim_sdk* sdk, crshim_queue* queue, uint32_t number);
int32_t crshim_connect(crshim_link* link, const crshim_cameras* cameras, uint32_t index,
                       uint32_t mode, uint32_t reconnecting, const char* user, const char* password,
                       const char* fingerprint);
int32_t crshim_disconnect(crshim_link* link);
int32_t crshim_release_device(crshim_link* link);
void crshim_link_free(crshim_link* link);

// No codes: all properties.
int32_t crshim_properties(crshim_link* link, const uint32_t* codes, uint32_t code_count,
                          crshim_property** properties, uint32_t* count);
int32_t crshim_set_value(crshim_link* link, uint32_t code, uint32_t type, uint64_t value);
int32_t crshim_set_text(crshim_link* link, uint32_t code, const uint16_t* units, uint16_t count);
int32_t crshim_command(crshim_link* link, uint32_t command, uint16_t param);
int32_t crshim_get_setting(crshim_link* link, uint32_t key, uint32_t* value);
int32_t crshim_set_setting(crshim_link* link, uint32_t key, uint32_t value);
int32_t crshim_set_save_info(crshim_link* link, const char* path, const char* prefix,
                             int32_t start_number);

// The newest live-view picture. `data` belongs to the link and holds until the next call.
// Size 0: there is none yet.
int32_t crshim_picture(crshim_link* link, const uint8_t** data, uint32_t* size_bytes);
// The size of the buffer that a picture needs; 0 while live view gives none.
int32_t crshim_picture_room(crshim_link* link, uint32_t* size_bytes);
// The same for the camera's display with everything that stands on it.
int32_t crshim_osd(crshim_link* link, const uint8_t** data, uint32_t* size_bytes);
// What the camera draws into its live view under one code, or under all (0); count 0 when it tells
// nothing.
int32_t crshim_frame_list(crshim_link* link, uint32_t code, crshim_frames** frames,
                          uint32_t* count);

// The days on which something on a card was taken, in the mode remote-transfer.
int32_t crshim_card_days(crshim_link* link, uint32_t slot, crshim_day** days, uint32_t* count);
// What is on a card in the mode remote-transfer, all of it or that of one day; and in the mode
// contents, where handles are good until the next listing.
int32_t crshim_card_files(crshim_link* link, uint32_t slot, const crshim_day* day,
                          crshim_file** files, uint32_t* count);
int32_t crshim_contents_files(crshim_link* link, crshim_file** files, uint32_t* count);
int32_t crshim_pull_file(crshim_link* link, uint32_t slot, uint32_t content_id, uint32_t file_id,
                         uint32_t chunk_bytes, const char* path);
int32_t crshim_pull_preview(crshim_link* link, uint32_t slot, uint32_t content_id, uint32_t file_id,
                            uint32_t kind, const char* path);
int32_t crshim_pull_contents(crshim_link* link, uint32_t handle, uint32_t small, const char* path);
int32_t crshim_cancel_pull(crshim_link* link);
// The small picture that belongs to a handle of the mode contents, in a block of its own.
int32_t crshim_contents_thumbnail(crshim_link* link, uint32_t handle, uint8_t** image,
                                  uint32_t* size_bytes);
// Begins to delete a content with all its files; the extended warning 0x6000D tells what came of it.
int32_t crshim_delete_content(crshim_link* link, uint32_t slot, uint32_t content_id);
// Begins to read a file (`kind` 0) or a preview of it into memory. At most `limit_bytes` from its
// beginning are kept; CRSHIM_READ tells the end, and when there is more. crshim_take_read ends the
// keeping, and is due once after each beginning, whatever came of it: it hands out a block.
int32_t crshim_read(crshim_link* link, uint32_t slot, uint32_t content_id, uint32_t file_id,
                    uint32_t kind, uint32_t chunk_bytes, uint32_t limit_bytes);
int32_t crshim_take_read(crshim_link* link, uint8_t** data, uint32_t* size_bytes);

// What the camera itself calls its values: asked for, told ready by a warning, fetched.
int32_t crshim_request_display_texts(crshim_link* link, uint32_t list);
int32_t crshim_display_texts(crshim_link* link, crshim_display_text** texts, uint32_t* count);

// Files with all settings of the camera, and looks for its movies.
int32_t crshim_download_settings(crshim_link* link, const char* folder, const char* name);
int32_t crshim_upload_settings(crshim_link* link, const char* file);
int32_t crshim_import_lut(crshim_link* link, const char* file, uint16_t slot);

void crshim_free(void* block);

// cdef end

#pragma GCC visibility pop

#ifdef __cplusplus
}
#endif

// __FILE__ is this header, as the compiler found it; contract.cpp alone takes it in.
#ifdef CRSHIM_EMBED
__asm__(
    ".pushsection .rodata\n"
    ".global crshim_header_text\n"
    ".hidden crshim_header_text\n"
    "crshim_header_text:\n"
    ".incbin \"" __FILE__ "\"\n"
    ".byte 0\n"
    ".popsection\n");
#endif

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FVI_MODEL_PROTOBUF_VERSION_H
#define FVI_MODEL_PROTOBUF_VERSION_H

/* "protobuf-c 1.4.1", static. */
const char *fvi_protobuf_version(void);

#endif

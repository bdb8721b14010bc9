/* SPDX-License-Identifier: Apache-2.0 */
/* --device: from what the user says to a device of a plug-in. */
#ifndef FOVEA_CLI_DEVICES_H
#define FOVEA_CLI_DEVICES_H

#include "command.h"

#define CLI_DEVICES 256 /* that one command may name */

/* Devices: what sessions are told. */
typedef struct cli_device {
    int count;
    struct {
        char *plugin; /* NULL: the processor */
        int index;
    } list[CLI_DEVICES]; /* [count] */
    int or_processor;
    char *programs; /* folder for compiled programs */
    char *problem;  /* why a plug-in that was found is not used; NULL */
} cli_device;

/* Everything that can run networks on this machine, and plug-ins that cannot: of
 * $FOVEA_PJRT_PLUGIN, and of the Python packages that are usually found.
 *   returns  to be freed with fv_devices_free; NULL with one line printed */
fv_devices *cli_devices_find(void);

/*   text     "auto", "cpu", "gpu", "gpu:1", "gpu:0,1", "PLUGIN.so", "PLUGIN.so:1,2"; NULL: as
 *            $FOVEA_DEVICE says
 *   usual    what counts where neither says anything
 *   out      to be cleared, also on failure
 *   returns  CLI_DONE, or an exit code with one line printed */
int cli_device_choose(const char *text, const char *usual, cli_device *out);
/* Says which accelerator was found and is used, or why none is, if it was left to us.
 *   name  of its first device */
void cli_device_note(const cli_args *args, const cli_device *d, const char *name);
/* Puts device i into what a session is told; the texts stay the device's. */
void cli_device_tell(const cli_device *d, int i, fv_session_desc *desc);
void cli_device_clear(cli_device *d);

#endif

/* What an export takes over from the film that it was made from. */
#ifndef PLEURA_EXPORT_SOURCE_H
#define PLEURA_EXPORT_SOURCE_H

#include "../image/dicom/file.h"
#include "uid.h"
#include "writer.h"

/* A value as it stands in the film's file; length 0: there is none. */
typedef struct pleura_kept {
    const unsigned char *value;
    size_t length;
} pleura_kept;

/* The attributes that can say who the patient is. X(NAME, tag, "VR"), in the order of the tags. */
#define PLEURA_IDENTITY(X)                                                                         \
    X(STUDY_DATE, 0x00080020, "DA")                                                                \
    X(STUDY_TIME, 0x00080030, "TM")                                                                \
    X(ACCESSION, 0x00080050, "SH")                                                                 \
    X(REFERRING, 0x00080090, "PN")                                                                 \
    X(STUDY_DESCRIPTION, 0x00081030, "LO")                                                         \
    X(NAME, 0x00100010, "PN")                                                                      \
    X(ID, 0x00100020, "LO")                                                                        \
    X(ID_ISSUER, 0x00100021, "LO")                                                                 \
    X(BIRTH_DATE, 0x00100030, "DA")                                                                \
    X(SEX, 0x00100040, "CS")                                                                       \
    X(STUDY_ID, 0x00200010, "SH")

enum {
#define X(name, tag, vr) PLEURA_KEPT_##name,
    PLEURA_IDENTITY(X)
#undef X
        PLEURA_KEPT_COUNT
};

typedef struct pleura_source {
    pleura_dicom_file file; /* what the values lie in */
    bool identity;          /* the patient is named; otherwise `kept` is empty */
    pleura_kept kept[PLEURA_KEPT_COUNT];
    char charset[256]; /* of `kept` and of our own texts */
    /* "" where the film does not say; study is never "" */
    pleura_dicom_text study, series, sop_class, sop_instance, orientation, burned_in;
    bool lossy;      /* the film was compressed with loss, once */
    char sha256[65]; /* of its file */
} pleura_source;

/* Close with pleura_source_close, whatever the code. */
pleura_code pleura_source_open(const void *bytes, size_t size, bool identity, pleura_source *source,
                               pleura_error *error);
void pleura_source_close(pleura_source *source);

bool pleura_source_has_film(const pleura_source *source); /* whether it can be referred to */

/* Whether the film's picture may be shown: not, without identity, where the file says that letters in
 * it name the patient. */
bool pleura_source_shows_film(const pleura_source *source);

/* One of PLEURA_IDENTITY, empty where it is not kept. */
void pleura_write_kept(pleura_writer *w, const pleura_source *source, int which);

/* Words of ours or the model's: whatever the character set cannot write becomes '?'. LO and SH hold
 * one value of 64 and 16 characters at most; UT and ST are as long as they are. */
void pleura_write_words(pleura_writer *w, const pleura_source *source, uint32_t tag, const char *vr,
                        const char *words);

#endif

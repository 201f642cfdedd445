/* jcodec.c of the IJG libraries chooses encoders, too, which are not built and never asked for. */
#define NO_ENCODER(name)                                                                           \
    void name(void *info);                                                                         \
    void name(void *info)                                                                          \
    {                                                                                              \
        (void)info;                                                                                \
    }

NO_ENCODER(dcmtk_jinit8_lossy_c_codec)
NO_ENCODER(dcmtk_jinit8_lossless_c_codec)
NO_ENCODER(dcmtk_jinit12_lossy_c_codec)
NO_ENCODER(dcmtk_jinit12_lossless_c_codec)
NO_ENCODER(dcmtk_jinit16_lossy_c_codec)
NO_ENCODER(dcmtk_jinit16_lossless_c_codec)

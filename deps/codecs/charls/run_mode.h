/*
 * Included ahead of CharLS 2.4.2's jpegls.cpp: its context of run mode, which refuses errors that no
 * sample has. CharLS refuses them in regular mode only. In run mode their sum grew past 2^30, where
 * the search for the next code's length never ends (CharLS asserts there, and release builds hang).
 */
#ifndef PLEURA_CHARLS_RUN_MODE_H
#define PLEURA_CHARLS_RUN_MODE_H

#define context_run_mode unchecked_context_run_mode
#include "context_run_mode.h"
#undef context_run_mode

#include "charls/jpegls_error.h"

#include <cstdlib>

namespace charls
{

class context_run_mode final
{
  public:
    context_run_mode() = default;

    context_run_mode(const int32_t run_interruption_type, const int32_t range) noexcept
        : context_{run_interruption_type, range}
    {
    }

    int32_t run_interruption_type() const noexcept
    {
        return context_.run_interruption_type();
    }

    FORCE_INLINE int32_t get_golomb_code() const noexcept
    {
        return context_.get_golomb_code();
    }

    void update_variables(const int32_t error_value, const int32_t e_mapped_error_value,
                          const uint8_t reset_threshold)
    {
        constexpr int32_t largest = 65535; // of samples of 16 bits; regular mode's bound, too
        if (std::abs(error_value) > largest)
            impl::throw_jpegls_error(jpegls_errc::invalid_encoded_data);
        context_.update_variables(error_value, e_mapped_error_value, reset_threshold);
    }

    FORCE_INLINE int32_t compute_error_value(const int32_t temp, const int32_t k) const noexcept
    {
        return context_.compute_error_value(temp, k);
    }

    bool compute_map(const int32_t error_value, const int32_t k) const noexcept
    {
        return context_.compute_map(error_value, k);
    }

  private:
    unchecked_context_run_mode context_;
};

} // namespace charls

#endif

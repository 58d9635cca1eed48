#include "files.h"

#include <fcntl.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <fstream>
#include <iterator>

namespace crsim {
namespace {

int write_all(int descriptor, const char* data, std::size_t size) {
  while (size > 0) {
    const ssize_t written = ::write(descriptor, data, size);
    if (written < 0) {
      if (errno == EINTR) continue;
      return errno;
    }
    data += written;
    size -= static_cast<std::size_t>(written);
  }
  return 0;
}

}  // namespace

int write_whole(const std::filesystem::path& file, const void* data, std::size_t size) {
  static std::atomic<unsigned> counter{0};
  const std::string temporary = (file.parent_path() / ("." + file.filename().string())).string() +
                                "." + std::to_string(getpid()) + "." + std::to_string(++counter);
  const int descriptor = ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
  if (descriptor < 0) return errno;
  int problem = write_all(descriptor, static_cast<const char*>(data), size);
  if (::close(descriptor) != 0 && problem == 0) problem = errno;
  if (problem == 0 && std::rename(temporary.c_str(), file.c_str()) != 0) problem = errno;
  if (problem != 0) ::unlink(temporary.c_str());
  return problem;
}

int write_whole(const std::filesystem::path& file, const Bytes& bytes) {
  return write_whole(file, bytes.data(), bytes.size());
}

void write_part(const std::filesystem::path& file, const Bytes& bytes, std::int64_t percent) {
  std::ofstream part(file, std::ios::binary);
  part.write(reinterpret_cast<const char*>(bytes.data()),
             static_cast<std::streamsize>(bytes.size() * static_cast<std::uint64_t>(percent) / 100));
}

bool read_whole(const std::filesystem::path& file, Bytes& bytes) {
  std::ifstream in(file, std::ios::binary);
  if (!in) return false;
  bytes.assign(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>());
  return !in.bad();
}

bool plain_name(const std::string& name) {
  return !name.empty() && name != "." && name != ".." && name.find('/') == std::string::npos;
}

}  // namespace crsim

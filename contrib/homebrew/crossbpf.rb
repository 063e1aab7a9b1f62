# SPDX-License-Identifier: BSD-2-Clause
# The digest is that of a tarball which has this file in it, so that it cannot stand here: a release
# has this formula with its own url and sha256, written by contrib/homebrew/update. As it is here,
# only `brew install --HEAD` takes it; brew refuses @SHA256@ as a digest.
class Crossbpf < Formula
  desc "Compile eBPF programs from any host"
  homepage "https://github.com/crossbpf/crossbpf"
  url "https://github.com/crossbpf/crossbpf/releases/download/v0.1.0/crossbpf-0.1.0.tar.xz"
  sha256 "@SHA256@"
  license "BSD-2-Clause"

  head do
    url "https://github.com/crossbpf/crossbpf.git", branch: "main"

    depends_on "autoconf" => :build
    depends_on "automake" => :build
    depends_on "libtool" => :build
  end

  depends_on "pkgconf" => :build
  depends_on "confuse"
  depends_on "jansson"
  depends_on "libarchive"
  depends_on "libssh"
  depends_on "llvm" # what compiles: Apple's clang has no BPF
  depends_on "nettle"

  uses_from_macos "curl"
  uses_from_macos "sqlite"

  def install
    system "./bootstrap" if build.head?
    # Nothing that merely happens to be there. The programs in bpf/ and crossbpf-loader are of use on
    # Linux alone, and need its headers.
    system "./configure", *std_configure_args,
           "--with-libssh=yes", "--with-libcurl=yes", "--with-libbpf=no", "--with-libpcap=no",
           "--with-check=no", "--with-bpftool=no", "--enable-bpf-programs=no"
    system "make"
    system "make", "install"
  end

  def caveats
    <<~EOS
      Programs are compiled by Homebrew's LLVM, which lacks the headers of Linux and libbpf.
      In a project, fetch once those that its sources include, from a container or a host:
        crossbpf headers --backend docker
        crossbpf headers --backend ssh:HOST
      `crossbpf doctor` says what is missing.
    EOS
  end

  test do
    assert_match version.to_s, shell_output("#{bin}/crossbpf --version")

    # No header, so that LLVM alone has all that it takes.
    (testpath/"pass.bpf.c").write <<~C
      __attribute__((section("xdp"), used)) int pass(void *ctx)
      {
      	return 2;
      }
      char _license[] __attribute__((section("license"), used)) = "GPL";
    C
    build = "#{bin}/crossbpf build --backend=native --json"
    done = JSON.parse(shell_output("#{build} pass.bpf.c").lines.last)
    assert_equal "done", done["event"]
    assert_equal 0, done["failed"]
    assert_equal 1, done["compiled"] + done["cached"]

    inspection = JSON.parse(shell_output("#{bin}/crossbpf inspect --json pass.bpf.o"))
    assert_equal ["pass"], inspection["programs"].map { |program| program["name"] }

    # Again: nothing is compiled.
    done = JSON.parse(shell_output("#{build} pass.bpf.c").lines.last)
    assert_equal 0, done["compiled"]

    # In clang's place.
    system bin/"crossbpf-clang", "-target", "bpf", "-O2", "-g", "-c", "pass.bpf.c", "-o", "same.bpf.o"
    assert_path_exists testpath/"same.bpf.o"

    # A compile that fails is status 1, with clang's diagnostics.
    (testpath/"bad.bpf.c").write "int bad(void) { return missing; }\n"
    assert_match "bad.bpf.c:1:24: error:",
                 shell_output("#{bin}/crossbpf build --backend=native bad.bpf.c 2>&1", 1)
  end
end
